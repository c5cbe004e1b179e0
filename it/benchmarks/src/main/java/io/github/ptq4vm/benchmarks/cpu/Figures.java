package io.github.ptq4vm.benchmarks.cpu;

import java.util.List;

/** Figures from measurements. */
final class Figures {
  private Figures() {}

  /**
   * A quantile, between neighbours by distance.
   *
   * @param share 0.5 for the median
   */
  static double quantile(List<? extends Number> values, double share) {
    double[] sorted = values.stream().mapToDouble(Number::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalArgumentException("Nothing was measured.");
    }
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
