package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model on the CPU. Thread-safe: several threads may call at once, each call uses up to the
 * given number of threads, the caller's included. Results depend neither on that number nor on what
 * else is in a batch.
 */
public final class CpuExecutor implements AutoCloseable {
  private static final AtomicInteger THREAD_NUMBERS = new AtomicInteger();

  private final Network network;
  private final CpuKernels kernels;
  private final Numbers numbers;
  private final Steps steps;
  private final Plan plan;
  private final int threads;
  private final Executor helpers;
  private final @Nullable ExecutorService ownHelpers;
  private final WorkspacePool workspaces;
  private volatile boolean closed;

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
    this(model, threads, kernels, null);
  }

  /**
   * Prepares a model with given kernels and helpers.
   *
   * @param threads how many threads a call may use, at least 1
   * @param helpers runs the tasks of those threads but the caller's own, which each last as long as
   *     a call does; a task that comes late or not at all is not waited for. It is not shut down
   *     here. Null for threads of this executor's own
   * @throws io.github.ptq4vm.network.InvalidNetworkException if a parameter of a quantized linear
   *     is out of range
   */
  public CpuExecutor(Model model, int threads, CpuKernels kernels, @Nullable Executor helpers) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "The number of threads must be at least 1 but is " + threads + ".");
    }
    this.network = model.network();
    this.kernels = kernels;
    this.threads = threads;
    this.numbers = new Numbers(network);
    this.steps = new Steps(model, numbers, kernels);
    this.plan = new Plan(network, numbers, Schedule.fused(network), steps::of, threads);
    this.workspaces =
        new WorkspacePool(
            () -> plan.workspace(threads),
            Math.max(threads, Runtime.getRuntime().availableProcessors()));
    this.ownHelpers = helpers == null ? threads(threads - 1) : null;
    this.helpers = helpers == null ? Objects.requireNonNull(ownHelpers) : helpers;
  }

  private static ExecutorService threads(int count) {
    return Executors.newFixedThreadPool(
        Math.max(1, count),
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
    Images.require(network, images, false);
    return runChecked(images);
  }

  /** Logits of images, as {@link #run} answers, that the caller has checked as it does. */
  public float[][] runChecked(float[][] images) {
    requireOpen();
    float[][] logits = new float[images.length][];
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
            found.put(operation.output(), workspace.value(numbers.of(operation.output())).copy());
          }
        });
    if (wanted.contains(Network.IMAGE)) {
      float[] pixels = new float[image.length];
      load(image, pixels);
      found.put(Network.IMAGE, pixels);
    }
    return found;
  }

  /**
   * How long each operation takes on the calling thread, as operations are scheduled for one
   * thread. Operations that are not there, because another one reads or writes in their place, take
   * no time.
   *
   * @param image as in {@link #run}
   * @param runs how often the image runs, at least 1
   * @return nanoseconds of each operation that took some, for each run
   */
  public List<Map<Operation, Long>> profile(float[] image, int runs) {
    requireOpen();
    Images.require(network, image, 0);
    List<TimedStep> timed = new ArrayList<>();
    Plan alone =
        new Plan(
            network,
            numbers,
            Schedule.fused(network),
            work -> {
              TimedStep step = new TimedStep(work.operation(), steps.of(work));
              timed.add(step);
              return step;
            },
            1);
    Workspace workspace = alone.workspace(1);
    List<Map<Operation, Long>> found = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      load(image, workspace.value(numbers.of(Network.IMAGE)).data());
      for (Stage stage : alone.stages()) {
        workspace.run(stage, Team.alone());
      }
      Map<Operation, Long> nanos = new LinkedHashMap<>();
      for (TimedStep step : timed) {
        nanos.put(step.operation(), step.take());
      }
      found.add(nanos);
    }
    return found;
  }

  /**
   * The integers inside a quantized linear for one image.
   *
   * @param image as in {@link #run}
   * @param linear name of the value the linear defines
   * @throws IllegalArgumentException if there is no quantized linear of that name
   */
  public QuantizedTrace codes(float[] image, String linear) {
    Operation.Linear operation =
        network.operations().stream()
            .filter(Operation.Linear.class::isInstance)
            .map(Operation.Linear.class::cast)
            .filter(candidate -> candidate.output().equals(linear))
            .filter(candidate -> candidate.precision() != null)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "The model has no quantized linear \"" + linear + "\"."));
    CpuKernels.QuantizedLinear kernel = steps.quantized(operation);
    List<QuantizedTrace> found = new ArrayList<>();
    walk(
        image,
        (traced, workspace) -> {
          if (traced.output().equals(linear)) {
            found.add(kernel.trace(workspace.value(numbers.of(operation.input()))));
          }
        });
    return found.get(0);
  }

  /** Ends the executor's own threads; calls that are under way finish. */
  @Override
  public void close() {
    closed = true;
    if (ownHelpers != null) {
      ownHelpers.shutdown();
    }
    workspaces.close();
  }

  private float[] logits(float[] image, Team team) {
    Workspace workspace = workspaces.take();
    load(image, workspace.value(numbers.of(Network.IMAGE)).data());
    for (Stage stage : plan.stages()) {
      workspace.run(stage, team);
    }
    float[] logits = workspace.value(numbers.of(network.logits())).copy();
    workspaces.giveBack(workspace);
    return logits;
  }

  /** Runs operation after operation, so that every value of the network is there for a while. */
  private void walk(float[] image, Observer observer) {
    requireOpen();
    Images.require(network, image, 0);
    Plan separate = new Plan(network, numbers, Schedule.separate(network), steps::of, 1);
    Workspace workspace = separate.workspace(1);
    Team alone = Team.alone();
    load(image, workspace.value(numbers.of(Network.IMAGE)).data());
    Iterator<Stage> stages = separate.stages().iterator();
    for (Operation operation : network.operations()) {
      if (!Work.isView(operation)) {
        workspace.run(stages.next(), alone);
      }
      observer.after(operation, workspace);
    }
  }

  /** Planes to pixels. */
  private static void load(float[] image, float[] pixels) {
    int area = image.length / 3;
    for (int i = 0; i < area; i++) {
      pixels[3 * i] = image[i];
      pixels[3 * i + 1] = image[area + i];
      pixels[3 * i + 2] = image[2 * area + i];
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The executor is closed.");
    }
  }
}
