package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the accuracy of the samples beside what the released recipe gives on them. */
@Command(
    name = "accuracy",
    description = "Accuracy of the samples beside the released recipe's, as Markdown.",
    mixinStandardHelpOptions = true)
final class AccuracyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private RecipeOptions options;

  @Option(
      names = "--sample",
      split = ",",
      defaultValue = "vim_micro,vim_nano,vmamba_micro,local_vim_nano",
      description = "Samples (default: ${DEFAULT-VALUE}).")
  private List<Sample> samples;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w6a6,w4a8,w4a4",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  AccuracyCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.println(Machine.header(Arguments.of(spec)));
    out.println("Recipe: " + options.recipe() + ", " + options.threads + " threads\n");
    ReleasedFigures released = ReleasedFigures.load();
    boolean allMet = true;
    for (Sample sample : samples) {
      Recipe recipe = options.recipe();
      AccuracyReport report =
          new AccuracyReport(
              sample,
              released,
              variants,
              recipe.steps(),
              compile(sample, recipe),
              compile(sample, RecipeOptions.withoutLearning(recipe)));
      out.println(report.markdown());
      allMet &= report.allMet();
    }
    return allMet ? 0 : Main.NOT_MET;
  }

  private CompileResult compile(Sample sample, Recipe recipe) throws IOException {
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
                  variants,
                  recipe,
                  options.threads,
                  output.path()));
    }
  }
}
