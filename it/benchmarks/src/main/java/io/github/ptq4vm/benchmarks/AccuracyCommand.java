package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  @Mixin private Comparison comparison;

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

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  AccuracyCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    comparison.header(out, spec, options);
    boolean allMet = true;
    for (Sample sample : comparison.samples()) {
      Map<String, Map<Contender, Measured>> measured = new LinkedHashMap<>();
      for (Variant variant : variants) {
        Map<Contender, Measured> ours = new EnumMap<>(Contender.class);
        for (Contender contender : contenders) {
          Recipe recipe = contender.recipe(options.recipe());
          ours.put(contender, comparison.measure(sample, variant, recipe, options, spec));
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
}
