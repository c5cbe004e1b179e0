package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.ValueShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Looks at values inside a network on a GPU, to compare them with those of other executors. Each
 * such value is stored as the network defines it, and nothing is taken in across it. Used by one
 * thread at a time.
 */
public final class CudaTracer implements AutoCloseable {
  private final Network network;
  private final LoadedNetwork loaded;
  private final Session session;

  /**
   * Loads a model into the memory of the first GPU.
   *
   * @param single whether activations are stored in single instead of half precision
   * @param values names of values of the network
   * @throws io.github.ptq4vm.GpuUnavailableException if there is no usable GPU, or the model does
   *     not fit it
   */
  public CudaTracer(Model model, boolean single, Set<String> values) {
    this.network = model.network();
    values.forEach(network::shape);
    this.loaded = LoadedNetwork.load(model, single ? StorageType.F32 : StorageType.F16, values, 0);
    try {
      this.session =
          loaded.gpu().room().make(() -> new Session(loaded, 1, network.classes(), false));
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  /**
   * The values for an image.
   *
   * @param image as in {@link CudaExecutor#run}
   * @return each value's floats, {@code [tokens, channels]} row-major
   */
  public Map<String, float[]> trace(float[] image) {
    Images.require(network, image, 0);
    float[][] images = {image};
    session.start(images, 0);
    session.finish(new float[1][], 0);
    Map<String, float[]> found = new HashMap<>();
    loaded.network().kept().forEach((name, plan) -> found.put(name, read(name, plan)));
    return found;
  }

  private float[] read(String name, ValuePlan plan) {
    ValueShape shape = network.shape(name);
    int size = plan.type().bytes();
    int last = (shape.tokens() - 1) * plan.stride() + shape.channels();
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.multiplyExact(last, size)).order(ByteOrder.LITTLE_ENDIAN);
    WorkspacePlan workspace = loaded.network().workspace(1);
    session.download(bytes, Addresses.offset(workspace.address(plan.store())) + plan.offset());
    float[] values = new float[shape.size()];
    for (int t = 0; t < shape.tokens(); t++) {
      for (int c = 0; c < shape.channels(); c++) {
        int at = (t * plan.stride() + c) * size;
        values[t * shape.channels() + c] =
            plan.type() == StorageType.F32
                ? bytes.getFloat(at)
                : Halves.toFloat(bytes.getShort(at));
      }
    }
    return values;
  }

  @Override
  public void close() {
    session.close();
    loaded.close();
  }
}
