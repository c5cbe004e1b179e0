package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Rows of comparisons between a device and the processor. */
final class ParityTable {
  /** Sizes of batches, in turn. */
  private static final int[] BATCHES = {1, 2, 3, 5, 17};

  private final Devices device;
  private final double bound;
  private final PrintWriter out;
  private final List<String> otherClasses = new ArrayList<>();
  private boolean good = true;

  ParityTable(Devices device, double bound, PrintWriter out) {
    this.device = device;
    this.bound = bound;
    this.out = out;
    out.println(
        "| model | recipe | variant | device | images | median error | 9 of 10 | worst | other class | |");
    out.println("|---|---|---|---|---|---|---|---|---|---|");
  }

  /** Whether all comparisons so far were within their bounds. */
  boolean isGood() {
    return good;
  }

  /** Runs a model on both and prints a row for each way to store activations. */
  void compare(String name, String recipe, Bits bits, Model model, float[][] inputs) {
    try (CpuExecutor reference =
        new CpuExecutor(model, Runtime.getRuntime().availableProcessors())) {
      float[][] expected = reference.run(inputs);
      for (Devices storage : device.storages()) {
        try (Engine engine = storage.open(model)) {
          String title = String.join(" | ", name, recipe, bits.toString(), engine.name());
          LogitsComparison comparison = LogitsComparison.of(expected, inBatches(engine, inputs));
          print(title, comparison, ErrorBound.of(bits, storage != Devices.CUDA, bound));
        }
      }
    }
  }

  /** Lists the images whose best class is another one on the device. */
  void printOtherClasses() {
    if (!otherClasses.isEmpty()) {
      out.println();
      out.println("Images of another class: index, lead of the processor's class there, lead of");
      out.println("the device's class on the device, both relative to the norm of the logits.");
      out.println();
      otherClasses.forEach(out::println);
      out.flush();
    }
  }

  private void print(String title, LogitsComparison comparison, ErrorBound errorBound) {
    boolean within = errorBound.holds(comparison);
    good &= within;
    String verdict = within ? "ok" : "NOT WITHIN " + errorBound.error();
    out.printf(
        Locale.ROOT,
        "| %s | %d | %.2e | %.2e | %.2e | %d | %s |%n",
        title,
        comparison.images(),
        comparison.quantile(0.5),
        comparison.quantile(0.9),
        comparison.quantile(1),
        comparison.otherClass().size(),
        errorBound.share() == 0 ? "told, not bounded" : verdict);
    out.flush();
    for (LogitsComparison.OtherClass other : comparison.otherClass()) {
      otherClasses.add(
          String.format(
              Locale.ROOT,
              "* %s: %d, %.3f, %.3f",
              title.replace(" |", ","),
              other.image(),
              other.expected(),
              other.found()));
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
