package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ObjLongConsumer;

/**
 * Runs a model on the CPU. Thread-safe: several threads may call at once, each call uses up to the
 * given number of threads, the caller's included. Results depend neither on that number nor on what
 * else is in a batch.
 */
public final class CpuExecutor implements AutoCloseable {
  private static final AtomicInteger THREAD_NUMBERS = new AtomicInteger();

  private final Network network;
  private final CpuKernels kernels;
  private final Layout layout;
  private final List<Operation> operations;
  private final List<Step> steps = new ArrayList<>();
  private final Map<String, CpuKernels.QuantizedLinear> quantized = new HashMap<>();
  private final int threads;
  private final ExecutorService helpers;
  private final WorkspacePool workspaces;

  /** What a {@link #trace} looks at after each operation. */
  private interface Observer {
    void after(Operation operation, Workspace workspace);
  }

  /**
   * Prepares a model with the kernels this machine is best served by.
   *
   * @param threads how many threads a call may use, at least 1
   */
  public CpuExecutor(Model model, int threads) {
    this(model, threads, CpuKernels.best());
  }

  /**
   * Prepares a model with given kernels.
   *
   * @param threads how many threads a call may use, at least 1
   * @throws io.github.ptq4vm.network.InvalidNetworkException if a parameter of a quantized linear
   *     is out of range
   */
  public CpuExecutor(Model model, int threads, CpuKernels kernels) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "The number of threads must be at least 1 but is " + threads + ".");
    }
    this.network = model.network();
    this.kernels = kernels;
    this.threads = threads;
    this.layout = new Layout(network);
    this.operations = network.operations();
    this.workspaces =
        new WorkspacePool(
            () -> layout.workspace(threads),
            Math.max(threads, Runtime.getRuntime().availableProcessors()));
    Steps factory = new Steps(model, layout, kernels);
    for (Operation operation : operations) {
      if (operation instanceof Operation.Linear linear && linear.precision() != null) {
        CpuKernels.QuantizedLinear kernel = factory.quantized(linear);
        quantized.put(linear.output(), kernel);
        steps.add(factory.linear(linear, kernel));
      } else {
        steps.add(factory.of(operation));
      }
    }
    this.helpers =
        Executors.newFixedThreadPool(
            Math.max(1, threads - 1),
            task -> {
              Thread thread = new Thread(task, "ptq4vm-cpu-" + THREAD_NUMBERS.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Name of the kernel provider in use. */
  public String provider() {
    return kernels.name();
  }

  /**
   * Logits of images.
   *
   * @param images each {@code 3 * height * width} normalised floats: all of R, then G, then B
   * @return one array of {@link Network#classes()} logits an image
   * @throws IllegalArgumentException if an image has another length or a value that is not finite
   */
  public float[][] run(float[][] images) {
    requireOpen();
    float[][] logits = new float[images.length][];
    for (int i = 0; i < images.length; i++) {
      Images.require(network, images[i], i);
    }
    try (Team team = new Team(helpers, threads)) {
      // Whole images a thread while there are enough of them, then the rest one by one together.
      int apart = images.length / threads * threads;
      Team alone = Team.alone();
      team.forEach(apart, (i, member) -> logits[i] = logits(images[i], alone));
      for (int i = apart; i < images.length; i++) {
        logits[i] = logits(images[i], team);
      }
    }
    return logits;
  }

  /**
   * Intermediate values of one image.
   *
   * @param image as in {@link #run}
   * @param values names of values of the network
   * @return each value's floats, {@code [tokens, channels]} row-major
   */
  public Map<String, float[]> trace(float[] image, Set<String> values) {
    Set<String> wanted = new HashSet<>(values);
    wanted.forEach(network::shape);
    Map<String, float[]> found = new HashMap<>();
    walk(
        image,
        (operation, workspace) -> {
          if (wanted.contains(operation.output())) {
            found.put(
                operation.output(), workspace.value(layout.number(operation.output())).copy());
          }
        });
    if (wanted.contains(Network.IMAGE)) {
      Workspace workspace = layout.workspace(1);
      load(image, workspace);
      found.put(Network.IMAGE, workspace.value(layout.number(Network.IMAGE)).copy());
    }
    return found;
  }

  /**
   * Runs one image on the calling thread and says how long each operation took. Where a kernel
   * computes several operations at once, the last of them has the time of all.
   *
   * @param image as in {@link #run}
   * @param observer hears an operation and nanoseconds
   */
  public void profile(float[] image, ObjLongConsumer<Operation> observer) {
    requireOpen();
    Images.require(network, image, 0);
    Workspace workspace = workspaces.take();
    Team alone = Team.alone();
    load(image, workspace);
    for (int i = 0; i < steps.size(); i++) {
      long start = System.nanoTime();
      steps.get(i).run(workspace, alone);
      observer.accept(operations.get(i), System.nanoTime() - start);
    }
    workspaces.giveBack(workspace);
  }

  /**
   * The integers inside a quantized linear for one image.
   *
   * @param image as in {@link #run}
   * @param linear name of the value the linear defines
   * @throws IllegalArgumentException if there is no quantized linear of that name
   */
  public QuantizedTrace codes(float[] image, String linear) {
    CpuKernels.QuantizedLinear kernel = quantized.get(linear);
    if (kernel == null) {
      throw new IllegalArgumentException("The model has no quantized linear \"" + linear + "\".");
    }
    List<QuantizedTrace> found = new ArrayList<>();
    walk(
        image,
        (operation, workspace) -> {
          if (operation.output().equals(linear)) {
            int input = layout.number(operation.inputs().get(0));
            found.add(kernel.trace(workspace.value(input)));
          }
        });
    return found.get(0);
  }

  /** Ends the helper threads; calls that are under way finish. */
  @Override
  public void close() {
    helpers.shutdown();
    workspaces.close();
  }

  private float[] logits(float[] image, Team team) {
    Workspace workspace = workspaces.take();
    load(image, workspace);
    for (Step step : steps) {
      step.run(workspace, team);
    }
    float[] logits = workspace.value(layout.number(network.logits())).copy();
    workspaces.giveBack(workspace);
    return logits;
  }

  private void walk(float[] image, Observer observer) {
    requireOpen();
    Images.require(network, image, 0);
    Workspace workspace = layout.workspace(1);
    Team alone = Team.alone();
    load(image, workspace);
    for (int i = 0; i < steps.size(); i++) {
      steps.get(i).run(workspace, alone);
      observer.after(operations.get(i), workspace);
    }
  }

  /** Planes to pixels. */
  private void load(float[] image, Workspace workspace) {
    float[] pixels = workspace.value(layout.number(Network.IMAGE)).data();
    int area = network.height() * network.width();
    for (int i = 0; i < area; i++) {
      pixels[3 * i] = image[i];
      pixels[3 * i + 1] = image[area + i];
      pixels[3 * i + 2] = image[2 * area + i];
    }
  }

  private void requireOpen() {
    if (helpers.isShutdown()) {
      throw new IllegalStateException("The executor is closed.");
    }
  }
}
