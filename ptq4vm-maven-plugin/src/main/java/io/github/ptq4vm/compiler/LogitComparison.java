package io.github.ptq4vm.compiler;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Logits of a quantized model against those of the float model.
 *
 * @param top1 share of images the quantized model gets right
 * @param agreement share of images both models give the same class
 * @param kl mean Kullback-Leibler divergence of the class probabilities, float from quantized, nats
 * @param sqnr signal to quantization noise of the logits, decibels, between -300 and 300
 */
public record LogitComparison(double top1, double agreement, double kl, double sqnr) {
  private static final double LARGEST_DECIBELS = 300;

  /** Compares logits of the same images, image after image. */
  public static LogitComparison of(float[][] exact, float[][] quantized, int[] labels) {
    int agreeing = 0;
    double divergence = 0;
    double signal = 0;
    double noise = 0;
    for (int i = 0; i < exact.length; i++) {
      if (largest(exact[i]) == largest(quantized[i])) {
        agreeing++;
      }
      double exactNorm = logSumExp(exact[i]);
      double quantizedNorm = logSumExp(quantized[i]);
      for (int c = 0; c < exact[i].length; c++) {
        double logP = exact[i][c] - exactNorm;
        divergence += Math.exp(logP) * (logP - (quantized[i][c] - quantizedNorm));
        signal += (double) exact[i][c] * exact[i][c];
        double difference = (double) exact[i][c] - quantized[i][c];
        noise += difference * difference;
      }
    }
    int n = exact.length;
    return new LogitComparison(
        top1(quantized, labels), (double) agreeing / n, divergence / n, decibels(signal, noise));
  }

  /** Share of images whose largest logit is the labelled class's. */
  public static double top1(float[][] logits, int[] labels) {
    int right = 0;
    for (int i = 0; i < labels.length; i++) {
      if (largest(logits[i]) == labels[i]) {
        right++;
      }
    }
    return (double) right / labels.length;
  }

  /** By the names results and artifacts use. */
  public SortedMap<String, Double> asMap() {
    SortedMap<String, Double> map = new TreeMap<>();
    map.put("top1", top1);
    map.put("agreement", agreement);
    map.put("kl", kl);
    map.put("sqnr_db", sqnr);
    return map;
  }

  /** Finite whatever the ratio is, since it goes into files that know no infinity. */
  private static double decibels(double signal, double noise) {
    double ratio = noise == 0 ? LARGEST_DECIBELS : 10 * Math.log10(signal / noise);
    return Math.max(-LARGEST_DECIBELS, Math.min(LARGEST_DECIBELS, ratio));
  }

  private static int largest(float[] logits) {
    int best = 0;
    for (int c = 1; c < logits.length; c++) {
      if (logits[c] > logits[best]) {
        best = c;
      }
    }
    return best;
  }

  private static double logSumExp(float[] logits) {
    double max = logits[largest(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }
}
