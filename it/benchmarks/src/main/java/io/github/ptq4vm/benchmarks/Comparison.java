package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Options and measurements of commands that compare recipes on the samples. */
final class Comparison {
  @Option(
      names = "--sample",
      split = ",",
      defaultValue = "vim_micro,vim_nano,vmamba_micro,local_vim_nano",
      description = "Samples (default: ${DEFAULT-VALUE}).")
  private List<Sample> samples;

  @Option(
      names = "--keep",
      description =
          "Folder where measurements are kept: the same command goes on from them. Of another build"
              + " of the compiler they are as good as its code is the same.")
  private @Nullable Path keep;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  Comparison() {}

  /** The samples asked for. */
  List<Sample> samples() {
    return samples;
  }

  /** Prints what all figures below depend on. */
  void header(PrintWriter out, CommandSpec spec, RecipeOptions options) {
    out.println(Machine.header(Arguments.of(spec)));
    out.println("Recipe: " + options.recipe() + ", " + options.threads + " threads\n");
  }

  /** Measures a recipe on a sample, or takes the measurement that was kept. */
  Measured measure(
      Sample sample, Variant variant, Recipe recipe, RecipeOptions options, CommandSpec spec)
      throws IOException {
    return new Measurements(keep)
        .get(
            sample.id() + " " + variant.name() + " " + recipe + " " + options.images,
            () -> Measured.of(compile(sample, variant, recipe, options, spec)));
  }

  private static CompileResult compile(
      Sample sample, Variant variant, Recipe recipe, RecipeOptions options, CommandSpec spec)
      throws IOException {
    Path shared = SharedFolder.require();
    try (TemporaryFolder output = TemporaryFolder.create()) {
      return new Compiler(new ConsoleListener(spec.commandLine().getErr()))
          .compile(
              Requests.of(
                  sample.id(),
                  sample.checkpoint(shared),
                  sample.options(),
                  sample.calibration(shared),
                  options.images == null ? sample.calibrationImages() : options.images,
                  sample.validation(shared),
                  List.of(variant),
                  recipe,
                  options.threads,
                  output.path()));
    }
  }
}
