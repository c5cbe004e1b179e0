package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.Model;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/** A lowered network whose constants are in the memory of a GPU. */
final class LoadedNetwork implements AutoCloseable {
  private static final int STAGE = 4 << 20;

  private final Gpu gpu;
  private final LoweredNetwork network;
  private final DeviceMemory constants;

  private LoadedNetwork(Gpu gpu, LoweredNetwork network, DeviceMemory constants) {
    this.gpu = gpu;
    this.network = network;
    this.constants = constants;
  }

  /**
   * Lowers a model and uploads it.
   *
   * @param wanted values to keep besides the logits
   * @throws GpuUnavailableException if there is no such GPU, its memory does not suffice, or the
   *     kernels do not reach to a size of the network
   * @throws InvalidNetworkException if a parameter of a quantized linear is out of range
   */
  static LoadedNetwork load(Model model, StorageType storage, Set<String> wanted, int ordinal) {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      Gpu gpu = Gpu.open(ordinal);
      opened.push(gpu);
      LoweredNetwork network = lower(model, storage, wanted, gpu);
      DeviceMemory constants =
          gpu.room().make(() -> gpu.context().allocate(network.constants().bytes()));
      opened.push(constants);
      try (CudaStream stream = gpu.room().make(() -> gpu.context().createStream())) {
        upload(network.constants(), stream, constants);
      }
      network.constants().release();
      return new LoadedNetwork(gpu, network, constants);
    } catch (RuntimeException | Error e) {
      Closing.closeAll(opened, e);
      throw e;
    }
  }

  private static LoweredNetwork lower(
      Model model, StorageType storage, Set<String> wanted, Gpu gpu) {
    try {
      LoweredNetwork network = Lowering.lower(model, storage, wanted);
      // Sizes that kernels cannot take show here, not at the first image.
      network.launches(1, gpu.traits());
      return network;
    } catch (InvalidNetworkException e) {
      throw e;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new GpuUnavailableException(
          "The network "
              + model.network()
              + " does not fit the kernels for "
              + gpu.device()
              + ". "
              + e.getMessage()
              + " Run it on the CPU.",
          e);
    }
  }

  /** Copies what is adjacent together: most parts are small. */
  private static void upload(Constants constants, CudaStream stream, DeviceMemory memory) {
    ByteBuffer stage =
        ByteBuffer.allocateDirect((int) Math.min(STAGE, Math.max(1, constants.bytes())));
    long start = 0;
    for (Constants.Part part : constants.parts()) {
      ByteBuffer rest = ByteBuffer.wrap(part.bytes());
      // Between parts lies nothing that anyone reads.
      int gap = (int) (part.offset() - start - stage.position());
      if (gap > stage.remaining()) {
        start = flush(stage, stream, memory, start);
        gap = 0;
        start = part.offset();
      }
      stage.put(new byte[gap]);
      while (rest.hasRemaining()) {
        if (!stage.hasRemaining()) {
          start = flush(stage, stream, memory, start);
        }
        int length = Math.min(stage.remaining(), rest.remaining());
        stage.put(rest.slice(rest.position(), length));
        rest.position(rest.position() + length);
      }
    }
    flush(stage, stream, memory, start);
  }

  private static long flush(ByteBuffer stage, CudaStream stream, DeviceMemory memory, long start) {
    stage.flip();
    long end = start + stage.remaining();
    if (stage.hasRemaining()) {
      stream.upload(memory, start, stage);
    }
    stage.clear();
    return end;
  }

  /** The GPU. */
  Gpu gpu() {
    return gpu;
  }

  /** The launches. */
  LoweredNetwork network() {
    return network;
  }

  /** Address of the constants. */
  long constants() {
    return constants.address();
  }

  /** Frees the constants; sessions must be closed before. */
  @Override
  public void close() {
    constants.close();
    gpu.close();
  }
}
