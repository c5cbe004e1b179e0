package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.network.Section;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what a compilation costs: time by pass and block, memory, and where the time goes. */
@Command(
    name = "compile-time",
    description = "Time, memory and profile of a compilation, as Markdown.",
    mixinStandardHelpOptions = true)
final class CompileTimeCommand implements Callable<Integer> {
  private static final int RELEASED_SIZE = 224;
  private static final int FILLER_IMAGES = 64;

  @Spec private CommandSpec spec;

  @Mixin private RecipeOptions options;

  @Parameters(
      paramLabel = "<model>",
      description =
          "A sample, e.g. vim_micro, or a released model with filler weights, e.g. vim_tiny.")
  private String model;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w4a4",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  @Option(names = "--output", description = "Folder to keep the jars in (default: thrown away).")
  private @Nullable Path output;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  CompileTimeCommand() {}

  @Override
  public Integer call() throws IOException {
    if (!FillerModels.names().contains(model)
        && Stream.of(Sample.values()).noneMatch(sample -> sample.id().equals(model))) {
      throw new ParameterException(
          spec.commandLine(),
          "There is no model \"%s\"; there are %s."
              .formatted(
                  model,
                  Stream.concat(
                          Stream.of(Sample.values()).map(Sample::id), FillerModels.names().stream())
                      .collect(Collectors.joining(", "))));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(Machine.header(Arguments.of(spec)));
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      CompileRequest request =
          request(folder.path(), output == null ? folder.path() : Files.createDirectories(output));
      out.printf(
          "Recipe: %s, %d calibration images, %d threads, heap of at most %d MiB%n%n",
          options.recipe(),
          request.calibration().images(),
          options.threads,
          Runtime.getRuntime().maxMemory() >> 20);
      measure(request, out);
    }
    return 0;
  }

  private void measure(CompileRequest request, PrintWriter out) throws IOException {
    try (KernelProfile profile = new KernelProfile()) {
      long start = System.nanoTime();
      CompileResult result =
          new Compiler(new ConsoleListener(spec.commandLine().getErr())).compile(request);
      double seconds = (System.nanoTime() - start) / 1e9;
      List<KernelProfile.Part> parts = profile.parts();
      passes(result, out);
      out.printf(Locale.ROOT, "| all | %.2f | |%n", seconds);
      for (VariantResult variant : result.variants()) {
        out.printf("%nJar %s: %d bytes%n", variant.name(), variant.bytes());
      }
      out.printf(
          "%nPeak resident memory: %s%n%n",
          Machine.peakMemory().map(bytes -> (bytes >> 20) + " MiB").orElse("not known here"));
      out.println(KernelProfile.markdown(parts));
    }
  }

  private CompileRequest request(Path folder, Path output) throws IOException {
    for (Sample sample : Sample.values()) {
      if (sample.id().equals(model)) {
        Path shared = SharedFolder.require();
        return Requests.of(
            model,
            sample.checkpoint(shared),
            sample.options(),
            sample.calibration(shared),
            images(sample.calibrationImages()),
            null,
            variants,
            options.recipe(),
            options.threads,
            output);
      }
    }
    return Requests.of(
        model,
        FillerSample.checkpoint(model, folder),
        ImportOptions.of(RELEASED_SIZE),
        FillerSample.images(images(FILLER_IMAGES), RELEASED_SIZE, folder),
        images(FILLER_IMAGES),
        null,
        variants,
        options.recipe(),
        options.threads,
        output);
  }

  private int images(int otherwise) {
    return options.images == null ? otherwise : options.images;
  }

  private static void passes(CompileResult result, PrintWriter out) {
    out.println("| pass | seconds | seconds a block |");
    out.println("|---|---|---|");
    result
        .seconds()
        .forEach(
            (pass, seconds) -> {
              boolean byBlock = pass.endsWith("quantize");
              String block =
                  byBlock
                      ? String.format(Locale.ROOT, "%.2f", seconds / blocks(result.variants()))
                      : "";
              out.printf(Locale.ROOT, "| %s | %.2f | %s |%n", pass, seconds, block);
            });
  }

  private static long blocks(List<VariantResult> variants) {
    try (QuantizedModel packed = QuantizedModel.load(variants.get(0).jar())) {
      return packed.manifest().network().sections().stream().filter(Section::block).count();
    }
  }
}
