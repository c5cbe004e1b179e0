package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;

/** Rows of comparisons between a device and the processor. */
final class ParityTable {
  /** Sizes of batches, in turn. */
  private static final int[] BATCHES = {1, 2, 3, 5, 17};

  private final Devices device;
  private final double bound;
  private final PrintWriter out;
  private boolean good = true;

  ParityTable(Devices device, double bound, PrintWriter out) {
    this.device = device;
    this.bound = bound;
    this.out = out;
    out.println("| model | recipe | variant | device | images | error | other class | margin | |");
    out.println("|---|---|---|---|---|---|---|---|---|");
  }

  /** Whether all comparisons so far were within the bound. */
  boolean isGood() {
    return good;
  }

  /** Runs a model on both and prints a row. */
  void compare(String name, String recipe, String variant, Model model, float[][] inputs) {
    try (CpuExecutor reference =
            new CpuExecutor(model, Runtime.getRuntime().availableProcessors());
        Engine engine = device.open(model)) {
      LogitsComparison comparison =
          LogitsComparison.of(reference.run(inputs), inBatches(engine, inputs));
      boolean within = comparison.isWithin(bound);
      good &= within;
      out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %s | %d | %.2e | %d | %.2e | %s |%n",
          name,
          recipe,
          variant,
          engine.name(),
          comparison.images(),
          comparison.error(),
          comparison.otherClass(),
          comparison.margin(),
          within ? "ok" : "NOT WITHIN " + bound);
      out.flush();
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
