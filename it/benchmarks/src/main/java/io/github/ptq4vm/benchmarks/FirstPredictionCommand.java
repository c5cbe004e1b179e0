package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.Recipe.Method;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Prints how long an application takes from the start of its JVM, process included, to its first
 * prediction and what memory, with and without the Vector API, and with native libraries.
 */
@Command(
    name = "first-prediction",
    description = "Milliseconds from the start of a JVM to the first prediction, as Markdown.",
    mixinStandardHelpOptions = true)
final class FirstPredictionCommand implements Callable<Integer> {
  private static final int SIDE = 224;
  private static final int CALIBRATION_IMAGES = 8;
  private static final String VECTOR_API = "--add-modules jdk.incubator.vector";

  @Spec private CommandSpec spec;

  @Option(names = "--runs", defaultValue = "15", description = "Runs (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Parameters(
      index = "0",
      paramLabel = "<model>",
      description =
          "A jar, or a released model, e.g. vim_tiny, that is compiled with filler weights first.")
  private String model;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "<image>",
      description = "An image; a jar needs one.")
  private @Nullable Path image;

  @Option(
      names = "--variant",
      defaultValue = "w8a8",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precision of a released model (default: ${DEFAULT-VALUE}).")
  private Variant variant;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  FirstPredictionCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (FillerModels.names().contains(model)) {
      try (TemporaryFolder folder = TemporaryFolder.create()) {
        Path images = FillerSample.images(CALIBRATION_IMAGES, SIDE, folder.path());
        measure(compiled(images, folder.path()), images.resolve("0000.png"));
      }
    } else if (image == null) {
      throw new ParameterException(
          spec.commandLine(),
          "\"%s\" is no released model, so it has to be a jar, and an image has to follow; models"
              + " are %s.".formatted(model, String.join(", ", FillerModels.names())));
    } else {
      measure(Path.of(model), image);
    }
    return 0;
  }

  /** Without learning, from few images: neither changes what runs, only its numbers. */
  private Path compiled(Path images, Path folder) throws IOException {
    return new Compiler(new ConsoleListener(spec.commandLine().getErr()))
        .compile(
            Requests.of(
                "model",
                FillerSample.checkpoint(model, folder),
                ImportOptions.of(SIDE),
                images,
                CALIBRATION_IMAGES,
                null,
                List.of(variant),
                Recipe.defaults().withMethod(Method.PTQ4VM).withSteps(0),
                Runtime.getRuntime().availableProcessors(),
                folder))
        .variants()
        .get(0)
        .jar();
  }

  private void measure(Path jar, Path picture) throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    out.print(Machine.header(Arguments.of(spec)));
    out.printf("Load before: %s%n%n", Machine.load());
    out.printf(
        "Jar of %d bytes, %d runs each, in turns; medians. Milliseconds from the start of the"
            + " process to its answer, and of them%nuntil the main method began, until the model was"
            + " loaded, and from there; processor time of all threads; resident memory at its"
            + " largest.%n%n",
        Files.size(jar), runs);
    out.println(
        "| JVM | ms | fastest | slowest | to main | loading | predicting | CPU ms | resident MB |");
    out.println("|---|---|---|---|---|---|---|---|---|");
    boolean nativeLibraries = !FirstPredictionRun.nativeLibraries().isEmpty();
    List<Way> ways = nativeLibraries ? List.of(Way.values()) : List.of(Way.NO_FLAG, Way.VECTOR);
    Map<Way, List<FirstPredictionRun>> seen = new EnumMap<>(Way.class);
    for (int i = 0; i < Math.max(1, runs); i++) {
      for (Way way : ways) {
        seen.computeIfAbsent(way, key -> new ArrayList<>())
            .add(FirstPredictionRun.of(way.flags, way.nativeLibraries, jar, picture));
      }
    }
    seen.forEach((way, all) -> row(way, all, out));
    if (nativeLibraries) {
      LoadTimeline.print(Way.NATIVE.flags, jar, picture, out);
    } else {
      out.printf("%nNo native library is on the class path of this build.%n");
    }
    out.printf("%nLoad after: %s%n", Machine.load());
  }

  /** How an application is started. */
  private enum Way {
    /** As one starts any. */
    NO_FLAG("java", false, List.of()),
    /** With the Vector API. */
    VECTOR("java " + VECTOR_API, false, List.of(VECTOR_API.split(" "))),
    /** With the Vector API, and native libraries on the class path. */
    NATIVE(
        "java " + VECTOR_API + ", oneDNN on the class path", true, List.of(VECTOR_API.split(" ")));

    private final String title;
    private final boolean nativeLibraries;
    private final List<String> flags;

    Way(String title, boolean nativeLibraries, List<String> flags) {
      this.title = title;
      this.nativeLibraries = nativeLibraries;
      this.flags = flags;
    }
  }

  private static void row(Way way, List<FirstPredictionRun> all, PrintWriter out) {
    double[] millis = sorted(all, FirstPredictionRun::millis);
    out.printf(
        Locale.ROOT,
        "| %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f |%n",
        way.title,
        median(millis),
        millis[0],
        millis[millis.length - 1],
        median(sorted(all, FirstPredictionRun::main)),
        median(sorted(all, FirstPredictionRun::loading)),
        median(sorted(all, FirstPredictionRun::predicting)),
        median(sorted(all, FirstPredictionRun::processor)),
        median(sorted(all, run -> run.memory() / 1e6)));
    out.flush();
  }

  private static double[] sorted(
      List<FirstPredictionRun> all, ToDoubleFunction<FirstPredictionRun> figure) {
    return all.stream().mapToDouble(figure).sorted().toArray();
  }

  /** The middle of sorted values, or the mean of the two in the middle. */
  static double median(double[] sorted) {
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
