package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints what each ingredient of the default recipe brings: accuracy without it. */
@Command(
    name = "ablation",
    description = "Accuracy of the default recipe with one ingredient left out, as Markdown.",
    mixinStandardHelpOptions = true)
final class AblationCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private RecipeOptions options;

  @Mixin private Comparison comparison;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w4a4",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  AblationCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    comparison.header(out, spec, options);
    for (Sample sample : comparison.samples()) {
      boolean first = true;
      for (Variant variant : variants) {
        Map<Ablated, Measured> measured = new EnumMap<>(Ablated.class);
        for (Ablated ablated : Ablated.values()) {
          Recipe recipe = ablated.recipe(options.recipe());
          measured.put(ablated, comparison.measure(sample, variant, recipe, options, spec));
        }
        out.println(AblationReport.markdown(sample, variant.name(), measured, first));
        out.flush();
        first = false;
      }
    }
    return 0;
  }
}
