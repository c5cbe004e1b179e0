package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.SyntheticModels;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Compares a device's logits with the processor's, for networks of every family, recipes, widths
 * and batch sizes. Exit status 0 means that all are within bounds, 1 that some are not.
 */
@Command(
    name = "parity",
    description = "A device's logits against the processor's, as Markdown.",
    mixinStandardHelpOptions = true)
public final class Parity implements Callable<Integer> {
  private static final int NOT_MET = 1;

  private static final int[] BATCHES = {1, 2, 3, 5, 17};

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Devices device;

  @Option(
      names = "--models",
      split = ",",
      defaultValue =
          "vim_tiny@64,vmamba_t_s1l8@64,vmamba_v0_t@64,local_vim_tiny@64,"
              + "local_vim_tiny_middle_cls_token@64,local_vssm_tiny@64,"
              + "vim_tiny@224,vmamba_t_s1l8@224",
      description = "Models, and the image's side behind an @ (default: ${DEFAULT-VALUE}).")
  private List<String> models;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w6a6,w4a8,w4a4",
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<String> variants;

  @Option(
      names = "--images",
      defaultValue = "28",
      description = "Images, in batches of 1, 2, 3, 5 and 17 in turn (default: ${DEFAULT-VALUE}).")
  private int images;

  @Option(
      names = "--bound",
      defaultValue = "2e-2",
      description = "Largest error of logits, relative to their norm (default: ${DEFAULT-VALUE}).")
  private double bound;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  Parity() {}

  /** Runs the comparison and exits with its status. */
  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new Parity())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setOut(
                new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true))
            .execute(arguments));
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.println("| model | recipe | variant | device | images | error | other class | margin | |");
    out.println("|---|---|---|---|---|---|---|---|---|");
    boolean good = true;
    for (String model : models) {
      String[] parts = model.split("@");
      Model floats = FillerModels.byName(parts[0], ImageSize.square(Integer.parseInt(parts[1])));
      for (RecipePlan recipe : RecipePlan.values()) {
        for (String variant : variants) {
          good &= compare(model, floats, recipe, Bits.of(variant), out);
        }
      }
    }
    return good ? 0 : NOT_MET;
  }

  private boolean compare(
      String name, Model floats, RecipePlan recipe, Bits bits, PrintWriter out) {
    Model model = SyntheticModels.quantize(floats, recipe, bits.weights(), bits.activations());
    float[][] inputs =
        IntStream.range(0, images)
            .mapToObj(i -> SyntheticModels.image(model.network(), 1 + i))
            .toArray(float[][]::new);
    try (CpuExecutor reference =
            new CpuExecutor(model, Runtime.getRuntime().availableProcessors());
        Engine engine = device.open(model)) {
      LogitsComparison comparison =
          LogitsComparison.of(reference.run(inputs), inBatches(engine, inputs));
      boolean good = comparison.isWithin(bound);
      out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %s | %d | %.2e | %d | %.2e | %s |%n",
          name,
          recipe.id(),
          bits,
          engine.name(),
          comparison.images(),
          comparison.error(),
          comparison.otherClass(),
          comparison.margin(),
          good ? "ok" : "NOT WITHIN " + bound);
      out.flush();
      return good;
    }
  }

  private static float[][] inBatches(Engine engine, float[][] inputs) {
    float[][] logits = new float[inputs.length][];
    int from = 0;
    for (int turn = 0; from < inputs.length; turn++) {
      int size = Math.min(BATCHES[turn % BATCHES.length], inputs.length - from);
      float[][] some = engine.run(Arrays.copyOfRange(inputs, from, from + size));
      System.arraycopy(some, 0, logits, from, size);
      from += size;
    }
    return logits;
  }
}
