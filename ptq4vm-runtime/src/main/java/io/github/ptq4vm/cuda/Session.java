package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Memory, a stream and the recorded work for batches of one size. Used by one thread at a time:
 * {@link #start}, then {@link #finish}.
 */
final class Session implements AutoCloseable {
  private final int images;
  private final int imageFloats;
  private final int classes;
  private final int logitsStride;
  private final boolean parallel;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final CudaStream stream;
  private final DeviceMemory workspace;
  private final FloatBuffer input;
  private final FloatBuffer output;
  private final CudaGraph graph;

  /**
   * Makes a session.
   *
   * @param images of a batch
   * @param parallel whether threads of the common pool may help to copy images
   * @throws io.github.ptq4vm.GpuUnavailableException if there is too little memory
   */
  Session(LoadedNetwork loaded, int images, int classes, boolean parallel) {
    this.images = images;
    this.parallel = parallel;
    this.classes = classes;
    LoweredNetwork network = loaded.network();
    this.imageFloats = network.planes().rows();
    this.logitsStride = network.logits().stride();
    CudaContext context = loaded.gpu().context();
    WorkspacePlan plan = network.workspace(images);
    try {
      this.stream = open(context.createStream());
      this.workspace = open(context.allocate(plan.bytes()));
      PinnedMemory in = open(context.allocatePinned(bytes(imageFloats)));
      PinnedMemory out = open(context.allocatePinned(bytes(logitsStride)));
      this.input = in.buffer().asFloatBuffer();
      this.output = out.buffer().asFloatBuffer();
      List<Work> launches =
          network.launches(images, loaded.gpu().traits()).stream()
              .map(launch -> launch.bind(loaded.constants(), workspace.address()))
              .map(launch -> new Work(loaded.gpu().kernel(launch.geometry().kernel()), launch))
              .toList();
      long from = Addresses.offset(plan.address(network.planes().store()));
      long to = Addresses.offset(plan.address(network.logits().store()));
      this.graph =
          open(
              stream.capture(
                  () -> {
                    stream.copyToDevice(workspace, from, in, 0, in.bytes());
                    for (Work work : launches) {
                      stream.launch(work.kernel(), work.launch().shape(), work.launch().params());
                    }
                    stream.copyToHost(out, 0, workspace, to, out.bytes());
                  }));
    } catch (RuntimeException | Error e) {
      Closing.closeAll(opened, e);
      throw e;
    }
  }

  private record Work(CudaFunction kernel, Launch launch) {}

  private <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  private int bytes(int floats) {
    long bytes = (long) Float.BYTES * floats * images;
    if (bytes > Integer.MAX_VALUE) {
      throw new GpuUnavailableException(
          "A batch of "
              + images
              + " images needs "
              + bytes
              + " bytes of pinned memory, and at most "
              + Integer.MAX_VALUE
              + " can be used at once. Use smaller batches or images, or run the model on the"
              + " CPU.");
    }
    return (int) bytes;
  }

  /** Images of a batch. */
  int images() {
    return images;
  }

  /**
   * Gives a batch to the GPU and does not wait.
   *
   * @param from index of the first image of {@code all}
   */
  void start(float[][] all, int from) {
    // One thread would take longer to copy a large batch than a GPU to compute it.
    IntStream some = IntStream.range(0, images);
    (parallel ? some.parallel() : some).forEach(i -> input.put(i * imageFloats, all[from + i]));
    stream.launch(graph);
  }

  /**
   * Waits for the batch.
   *
   * @param all where its logits go
   * @param from index of the first image
   */
  void finish(float[][] all, int from) {
    stream.synchronize();
    for (int i = 0; i < images; i++) {
      float[] logits = new float[classes];
      output.get(i * logitsStride, logits);
      all[from + i] = logits;
    }
  }

  /** Waits until nothing that was started is under way; what came of it is of no interest. */
  void abandon() {
    stream.synchronize();
  }

  /** Copies from the workspace what the last batch left there. */
  void download(ByteBuffer direct, long offset) {
    stream.download(direct, workspace, offset);
  }

  @Override
  public void close() {
    Closing.closeAll(opened, "A session on the GPU could not be closed.");
  }
}
