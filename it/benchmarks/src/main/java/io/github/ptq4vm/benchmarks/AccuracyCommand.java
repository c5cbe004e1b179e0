package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--contenders",
      split = ",",
      defaultValue = "plain,ptq4vm,auto",
      description = "Ways to quantize: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private List<Contender> contenders;

  @Option(
      names = "--keep",
      description =
          "Folder where measurements are kept: the same command goes on from them. Of another build"
              + " of the compiler they are as good as its code is the same.")
  private @Nullable Path keep;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  AccuracyCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.println(Machine.header(Arguments.of(spec)));
    out.println("Recipe: " + options.recipe() + ", " + options.threads + " threads\n");
    Measurements measurements = new Measurements(keep);
    boolean allMet = true;
    for (Sample sample : samples) {
      Map<String, Map<Contender, Measured>> measured = new LinkedHashMap<>();
      for (Variant variant : variants) {
        Map<Contender, Measured> ours = new EnumMap<>(Contender.class);
        for (Contender contender : contenders) {
          Recipe recipe = contender.recipe(options.recipe());
          ours.put(
              contender,
              measurements.get(
                  sample.id() + " " + variant.name() + " " + recipe + " " + options.images,
                  () -> Measured.of(compile(sample, variant, recipe))));
        }
        measured.put(variant.name(), ours);
      }
      AccuracyReport report = new AccuracyReport(sample, measured);
      out.println(report.markdown());
      out.flush();
      allMet &= report.allMet();
    }
    return allMet ? 0 : Main.NOT_MET;
  }

  private CompileResult compile(Sample sample, Variant variant, Recipe recipe) throws IOException {
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
