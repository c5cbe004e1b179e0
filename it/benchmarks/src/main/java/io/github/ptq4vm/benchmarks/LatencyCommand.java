package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.artifact.ModelLocator;
import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.SyntheticModels;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.Recipe.Method;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Prints what {@code auto}'s ingredients cost on the CPU: its latency against that of {@code
 * ptq4vm}, both in one process, in turns.
 */
@Command(
    name = "latency",
    description = "CPU latency of auto against ptq4vm, as Markdown.",
    mixinStandardHelpOptions = true)
final class LatencyCommand implements Callable<Integer> {
  private static final int CALIBRATION_IMAGES = 32;
  private static final int LEAST_PAIRS = 5;
  private static final int LEAST_WARM_UP = 2;
  private static final long WARM_UP_NANOS = 5_000_000_000L;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "<model>",
      defaultValue = "vim_tiny vmamba_t_s1l8 vim_nano",
      split = " ",
      description =
          "Released models, with filler weights, and samples (default: ${DEFAULT-VALUE}).")
  private List<String> models;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w4a4",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1,8",
      description = "Batch sizes (default: ${DEFAULT-VALUE}).")
  private int[] batches;

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,2",
      description = "Numbers of threads (default: ${DEFAULT-VALUE}).")
  private int[] threads;

  @Option(
      names = "--pairs",
      defaultValue = "31",
      description = "Runs of each at most, in turns (default: ${DEFAULT-VALUE}).")
  private int pairs;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      description = "Seconds after which a row is done (default: ${DEFAULT-VALUE}).")
  private int seconds;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  LatencyCommand() {}

  /** One network quantized both ways, and what tells the ways apart. */
  private record Contest(Model ptq4vm, Model auto) {

    /** What {@code auto} gave each kind of linear. */
    String plan() {
      SortedMap<String, String> words = new TreeMap<>();
      for (Operation.Linear linear : auto.network().quantizableLinears()) {
        words.put(linear.kind(), words(linear.precision()));
      }
      return words.entrySet().stream()
          .map(entry -> entry.getKey() + " " + entry.getValue())
          .collect(Collectors.joining(", "));
    }

    private static String words(@Nullable Precision precision) {
      if (precision == null) {
        return "not quantized";
      }
      boolean rotated = precision.rotation() == Rotation.HADAMARD;
      boolean dynamic = precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN;
      return rotated ? dynamic ? "rotated and dynamic" : "rotated" : dynamic ? "dynamic" : "plain";
    }
  }

  @Override
  public Integer call() throws IOException {
    for (String model : models) {
      if (sample(model).isEmpty() && !FillerModels.names().contains(model)) {
        throw new ParameterException(
            spec.commandLine(),
            "There is no model \"%s\"; there are %s."
                .formatted(
                    model,
                    Stream.concat(
                            Stream.of(Sample.values()).map(Sample::id),
                            FillerModels.names().stream())
                        .collect(Collectors.joining(", "))));
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(Machine.header(Arguments.of(spec)));
    out.printf(
        "Load before: %s. Where that is more than the threads of a row, other processes shared the"
            + " machine and%nmilliseconds are too long; ratios count, above all those of processor"
            + " time.%n",
        Machine.load());
    out.printf(
        "Each row: up to %d runs of each recipe in turns, in one process, for %d seconds or so;"
            + " medians;%nin brackets the quartiles of the ratio within a pair; processor time is"
            + " of all threads of a run%n%n",
        pairs, seconds);
    out.println(
        "| model | variant | kernels | threads | batch | pairs | ptq4vm ms | auto ms"
            + " | auto / ptq4vm | ptq4vm CPU ms | auto CPU ms | auto / ptq4vm, CPU time |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
    StringBuilder plans = new StringBuilder();
    for (String model : models) {
      for (Variant variant : variants) {
        Contest contest = contest(model, variant);
        plans.append(String.format("* %s %s: %s%n", model, variant.name(), contest.plan()));
        for (int count : threads) {
          rows(model, variant, contest, count, out);
        }
      }
    }
    out.printf("%nWhat auto gave each kind of linear:%n%n%s%n", plans);
    out.printf("Load after: %s%n", Machine.load());
    return 0;
  }

  private void rows(String model, Variant variant, Contest contest, int count, PrintWriter out) {
    try (CpuExecutor plain = new CpuExecutor(contest.ptq4vm(), count);
        CpuExecutor auto = new CpuExecutor(contest.auto(), count)) {
      for (int batch : batches) {
        float[][] images =
            IntStream.range(0, batch)
                .mapToObj(i -> SyntheticModels.image(contest.auto().network(), i))
                .toArray(float[][]::new);
        warmUp(() -> plain.run(images), () -> auto.run(images));
        List<PairedTiming> timings =
            PairedTiming.measure(
                () -> plain.run(images),
                () -> auto.run(images),
                LEAST_PAIRS,
                Math.max(LEAST_PAIRS, pairs),
                deadline(),
                List.of(System::nanoTime, new ThreadClock()));
        PairedTiming wall = timings.get(0);
        PairedTiming processor = timings.get(1);
        out.printf(
            Locale.ROOT,
            "| %s | %s | %s | %d | %d | %d | %.1f | %.1f | %s | %.1f | %.1f | %s |%n",
            model,
            variant.name(),
            auto.provider(),
            count,
            batch,
            wall.pairs(),
            wall.firstMillis(),
            wall.secondMillis(),
            ratio(wall),
            processor.firstMillis(),
            processor.secondMillis(),
            ratio(processor));
        out.flush();
      }
    }
  }

  private static String ratio(PairedTiming timing) {
    return String.format(
        Locale.ROOT,
        "%.3f (%.3f to %.3f)",
        timing.ratio(0.5),
        timing.ratio(0.25),
        timing.ratio(0.75));
  }

  private BooleanSupplier deadline() {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    return () -> System.nanoTime() > end;
  }

  /** Both in turns for some seconds of processor time: what the JIT compiler needs. */
  private static void warmUp(Runnable first, Runnable second) {
    ThreadClock clock = new ThreadClock();
    long end = clock.getAsLong() + WARM_UP_NANOS;
    for (int i = 0; i < LEAST_WARM_UP || clock.getAsLong() < end; i++) {
      first.run();
      second.run();
    }
  }

  private static List<Sample> sample(String id) {
    return Stream.of(Sample.values()).filter(sample -> sample.id().equals(id)).toList();
  }

  private Contest contest(String model, Variant variant) throws IOException {
    List<Sample> samples = sample(model);
    if (samples.isEmpty()) {
      Model floats = FillerModels.byName(model);
      return new Contest(
          synthetic(floats, RecipePlan.PTQ4VM, variant),
          synthetic(floats, RecipePlan.AUTO, variant));
    }
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      return new Contest(
          compiled(samples.get(0), Method.PTQ4VM, variant, folder.path()),
          compiled(samples.get(0), Method.AUTO, variant, folder.path()));
    }
  }

  private static Model synthetic(Model floats, RecipePlan recipe, Variant variant) {
    return SyntheticModels.quantize(floats, recipe, variant.weightBits(), variant.activationBits());
  }

  /** Without learning, from few images: neither changes what runs, only its numbers. */
  private Model compiled(Sample sample, Method method, Variant variant, Path folder)
      throws IOException {
    Path shared = SharedFolder.require();
    Path jar =
        new Compiler(new ConsoleListener(spec.commandLine().getErr()))
            .compile(
                Requests.of(
                    sample.id() + "-" + method,
                    sample.checkpoint(shared),
                    sample.options(),
                    sample.calibration(shared),
                    CALIBRATION_IMAGES,
                    null,
                    List.of(variant),
                    Recipe.defaults().withMethod(method).withSteps(0),
                    Runtime.getRuntime().availableProcessors(),
                    folder))
            .variants()
            .get(0)
            .jar();
    return ModelLocator.read(jar).content().model();
  }
}
