package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import java.util.Locale;
import java.util.SortedMap;

/**
 * How good a quantized model is.
 *
 * @param top1 images it gets right, percent
 * @param agreement images it gives the float model's class, percent
 * @param kl mean Kullback-Leibler divergence of the class probabilities, float from quantized, nats
 * @param sqnr signal to quantization noise of the logits, decibels
 */
record Accuracy(double top1, double agreement, double kl, double sqnr) {

  /** What the compiler measured. */
  static Accuracy of(VariantResult result) {
    SortedMap<String, Double> metrics = result.metrics();
    return new Accuracy(
        100 * metrics.get("top1"),
        100 * metrics.get("agreement"),
        metrics.get("kl"),
        metrics.get("sqnr_db"));
  }

  /** Cells of a Markdown table. */
  String cells() {
    return String.format(Locale.ROOT, "%.2f | %.2f | %.5f | %.2f", top1, agreement, kl, sqnr);
  }
}
