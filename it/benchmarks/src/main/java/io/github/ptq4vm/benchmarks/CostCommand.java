package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.benchmarks.cost.FusedChain;
import io.github.ptq4vm.benchmarks.cost.Gpu;
import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.ReleasedSize;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.network.Network;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what a chain of fused kernels would have to do on a GPU, and how fast it could be. */
@Command(
    name = "cost",
    description = "Operations and fewest bytes on a GPU and the floors that follow, as Markdown.",
    mixinStandardHelpOptions = true)
final class CostCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "<model>", description = "Models (default: all).")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w4a4",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precisions; tables by kernel are of the first (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1,256",
      description = "Batch sizes; tables by kernel are of the last (default: ${DEFAULT-VALUE}).")
  private int[] batches;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  CostCommand() {}

  @Override
  public Integer call() {
    List<CostReport.Row> rows = new ArrayList<>();
    for (String model : models.isEmpty() ? ReleasedSize.ids() : models) {
      Network network =
          ReleasedSize.of(model)
              .orElseThrow(
                  () ->
                      new ParameterException(
                          spec.commandLine(),
                          "There is no model \"%s\"; there are %s."
                              .formatted(model, String.join(", ", ReleasedSize.ids()))))
              .network();
      for (RecipePlan recipe : RecipePlan.values()) {
        for (Variant variant : variants) {
          rows.add(
              new CostReport.Row(
                  model,
                  recipe.id(),
                  variant.name(),
                  FusedChain.of(
                      recipe.apply(network, variant.weightBits(), variant.activationBits()))));
        }
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(Machine.header(Arguments.of(spec)));
    rates(Gpu.H200_DATA_SHEET, out);
    CostReport report = new CostReport(rows, variants.get(0).name(), batches, out);
    report.wholeModels();
    report.floors();
    report.kernels();
    report.blocks();
    out.println();
    return 0;
  }

  private static void rates(Gpu gpu, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "Counted, not measured: see docs/gpu-costs.md. GPU: H200, memory at %.1f TB/s by its data"
            + " sheet or %.1f TB/s as a copy was seen to reach; a second it does at most %.1f T"
            + " multiply-adds of codes, %.1f T of halves, %.1f T float32 instructions, %.2f T"
            + " exponentials.%n%n",
        gpu.bytes() / 1e12,
        Gpu.H200_COPY.bytes() / 1e12,
        gpu.integerMultiplyAdds() / 1e12,
        gpu.halfMultiplyAdds() / 1e12,
        gpu.floatOperations() / 1e12,
        gpu.exponentials() / 1e12);
  }
}
