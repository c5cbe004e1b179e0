package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures how long a batch takes on a GPU from images that lie there to logits that lie there, as
 * a whole and kernel by kernel. Used by one thread at a time.
 */
public final class CudaTimer implements AutoCloseable {
  private final LoadedNetwork loaded;
  private final Recorded batch;

  private record Work(String title, CudaFunction kernel, Launch launch) {}

  /**
   * What the launches of one kernel for problems of one size take together.
   *
   * @param kernel the kernel and what it computes
   * @param launches of it in a batch
   * @param milliseconds of all of them, each measured by repeating it, so that what it reads may
   *     lie in a cache already
   */
  public record KernelTime(String kernel, int launches, double milliseconds) {}

  /**
   * Loads a model and a batch into the memory of the first GPU.
   *
   * @param images the batch, as {@link CudaExecutor#run} takes it
   * @throws GpuUnavailableException if there is no usable GPU, or the batch does not fit it
   */
  public CudaTimer(Model model, float[][] images) {
    for (int i = 0; i < images.length; i++) {
      Images.require(model.network(), images[i], i);
    }
    this.loaded = LoadedNetwork.load(model, StorageType.F16, Set.of(), 0);
    try {
      this.batch = loaded.gpu().room().make(() -> new Recorded(loaded, images));
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  /** A batch that lies on the GPU, and what is done with it. */
  private static final class Recorded implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final CudaStream stream;
    private final CudaEvent start;
    private final CudaEvent end;
    private final CudaGraph graph;
    private final List<Work> launches = new ArrayList<>();

    Recorded(LoadedNetwork loaded, float[][] images) {
      CudaContext context = loaded.gpu().context();
      LoweredNetwork network = loaded.network();
      WorkspacePlan plan = network.workspace(images.length);
      try {
        this.stream = open(context.createStream());
        this.start = open(context.createEvent());
        this.end = open(context.createEvent());
        DeviceMemory workspace = open(context.allocate(plan.bytes()));
        upload(images, workspace, Addresses.offset(plan.address(network.planes().store())));
        List<Launch> all = network.launches(images.length, loaded.gpu().traits());
        for (int i = 0; i < all.size(); i++) {
          Launch launch = all.get(i).bind(loaded.constants(), workspace.address());
          String kernel = launch.geometry().kernel();
          String title = title(kernel, network.groups().get(i));
          launches.add(new Work(title, loaded.gpu().kernel(kernel), launch));
        }
        this.graph = open(stream.capture(() -> launches.forEach(this::launch)));
      } catch (RuntimeException | Error e) {
        Closing.closeAll(opened, e);
        throw e;
      }
    }

    private <T extends AutoCloseable> T open(T resource) {
      opened.push(resource);
      return resource;
    }

    private void upload(float[][] images, DeviceMemory workspace, long offset) {
      long at = offset;
      for (float[] image : images) {
        ByteBuffer bytes =
            ByteBuffer.allocateDirect(image.length * Float.BYTES).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(image);
        stream.upload(workspace, at, bytes);
        at += bytes.capacity();
      }
    }

    private void launch(Work work) {
      stream.launch(work.kernel(), work.launch().shape(), work.launch().params());
    }

    /** A launch, so often. */
    CudaGraph repeated(Work work, int repeats) {
      return stream.capture(
          () -> {
            for (int i = 0; i < repeats; i++) {
              launch(work);
            }
          });
    }

    float milliseconds(CudaGraph work) {
      stream.record(start);
      stream.launch(work);
      stream.record(end);
      return end.millisecondsSince(start);
    }

    @Override
    public void close() {
      Closing.closeAll(opened, "A timer on the GPU could not be closed.");
    }
  }

  private static String title(String kernel, List<LaunchPlan> group) {
    if (group.get(0) instanceof LinearPlan linear) {
      LinearPlan.Form form = linear.shape();
      return kernel
          + " "
          + form.in()
          + " to "
          + form.out()
          + (group.size() > 1 ? " x " + group.size() : "");
    }
    return kernel;
  }

  /** Name of the GPU. */
  public String provider() {
    return loaded.gpu().device().name();
  }

  /**
   * Runs the batch, each time waiting until it is done.
   *
   * @return milliseconds of each run
   */
  public float[] milliseconds(int runs) {
    float[] taken = new float[runs];
    for (int i = 0; i < runs; i++) {
      taken[i] = batch.milliseconds(batch.graph);
    }
    return taken;
  }

  /**
   * Time by kernel, in the order of their first launches.
   *
   * @param repeats how often a launch is repeated between two events, which cost about as much as a
   *     short launch does
   */
  public List<KernelTime> kernels(int repeats) {
    Map<String, KernelTime> times = new LinkedHashMap<>();
    for (Work work : batch.launches) {
      double taken;
      try (CudaGraph repeated = loaded.gpu().room().make(() -> batch.repeated(work, repeats))) {
        float[] runs = {
          batch.milliseconds(repeated), batch.milliseconds(repeated), batch.milliseconds(repeated)
        };
        Arrays.sort(runs);
        taken = runs[1] / repeats;
      }
      times.merge(
          work.title(),
          new KernelTime(work.title(), 1, taken),
          (one, other) ->
              new KernelTime(
                  one.kernel(),
                  one.launches() + other.launches(),
                  one.milliseconds() + other.milliseconds()));
    }
    return List.copyOf(times.values());
  }

  @Override
  public void close() {
    try (loaded) {
      batch.close();
    }
  }
}
