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
  private final KernelCoverage coverage = new KernelCoverage();
  private final List<String> linears = new ArrayList<>();
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

  /**
   * Runs a model on both and prints a row for each way to store activations.
   *
   * @param batch images of a batch, or 0 for small batches of several sizes
   */
  void compare(ParityCase one, Model model, float[][] inputs, int batch) {
    try (CpuExecutor reference =
        new CpuExecutor(model, Runtime.getRuntime().availableProcessors())) {
      float[][] expected = reference.run(inputs);
      for (Devices storage : device.storages()) {
        try (Engine engine = storage.open(model)) {
          LogitsComparison comparison =
              LogitsComparison.of(expected, inBatches(engine, inputs, batch));
          boolean single = storage != Devices.CUDA;
          print(
              one + " | " + engine.name(),
              comparison,
              ErrorBound.of(one.bits(), single, one.trained(), bound));
          if (storage == Devices.CUDA) {
            coverage.met(engine.kernels(Arrays.copyOf(inputs, 1)));
            coverage.met(
                engine.kernels(Arrays.copyOf(inputs, Math.min(inputs.length, largest(batch)))));
          }
        }
        if (storage != Devices.CPU) {
          compareLinears(one, model, inputs[0], storage);
        }
      }
    }
  }

  private void compareLinears(ParityCase one, Model model, float[] image, Devices storage) {
    LinearParity parity = LinearParity.of(model, image, storage == Devices.CUDA_SINGLE);
    good &= parity.different() == 0;
    linears.add(
        String.format(
            Locale.ROOT,
            "| %s | %s | %d | %d | %d |",
            one,
            storage == Devices.CUDA_SINGLE ? "single" : "half",
            parity.linears(),
            parity.values(),
            parity.different()));
  }

  /** Prints what was found apart from logits. */
  void printRest() {
    if (!linears.isEmpty()) {
      out.println();
      out.println("Quantized linears for the same input, one image:");
      out.println();
      out.println("| model | recipe | variant | storage | linears | values | different |");
      out.println("|---|---|---|---|---|---|---|");
      linears.forEach(out::println);
    }
    printOtherClasses();
    if (device != Devices.CPU) {
      out.println();
      out.println("Kernels launched: " + String.join(", ", coverage.met()) + ".");
      if (!coverage.missing().isEmpty()) {
        good = false;
        out.println("NOT LAUNCHED: " + String.join(", ", coverage.missing()) + ".");
      }
    }
    out.flush();
  }

  /** Lists the images whose best class is another one on the device. */
  private void printOtherClasses() {
    if (!otherClasses.isEmpty()) {
      out.println();
      out.println("Images of another class: index, lead of the processor's class there, lead of");
      out.println("the device's class on the device, both relative to the norm of the logits.");
      out.println();
      otherClasses.forEach(out::println);
    }
  }

  private void print(String title, LogitsComparison comparison, ErrorBound errorBound) {
    boolean within = errorBound.holds(comparison);
    good &= within;
    String verdict = within ? "ok" : "NOT WITHIN " + errorBound;
    out.printf(
        Locale.ROOT,
        "| %s | %d | %.2e | %.2e | %.2e | %d | %s |%n",
        title,
        comparison.images(),
        comparison.quantile(0.5),
        comparison.quantile(0.9),
        comparison.quantile(1),
        comparison.otherClass().size(),
        verdict);
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

  private static int largest(int batch) {
    return batch == 0 ? BATCHES[BATCHES.length - 1] : batch;
  }

  private static float[][] inBatches(Engine engine, float[][] inputs, int batch) {
    float[][] logits = new float[inputs.length][];
    int from = 0;
    for (int turn = 0; from < inputs.length; turn++) {
      int wanted = batch == 0 ? BATCHES[turn % BATCHES.length] : batch;
      int size = Math.min(wanted, inputs.length - from);
      float[][] some = engine.run(Arrays.copyOfRange(inputs, from, from + size));
      System.arraycopy(some, 0, logits, from, size);
      from += size;
    }
    return logits;
  }
}
