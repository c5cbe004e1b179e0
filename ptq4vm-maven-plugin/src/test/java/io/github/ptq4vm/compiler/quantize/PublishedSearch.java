package io.github.ptq4vm.compiler.quantize;

/** The clipping search of spec ptq4vm.md 1.5 as it is written down, in plain scalar Java. */
final class PublishedSearch {
  private static final int CANDIDATES = 100;
  private static final double POWER = 2.4;

  private PublishedSearch() {}

  /** What a search found for one token. */
  record Found(float step, int zeroPoint) {}

  /**
   * Step size and zero point of one token.
   *
   * @param values smoothed values of all images and channels
   */
  static Found activations(float[] values, int limit) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (float v : values) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    double least = Double.POSITIVE_INFINITY;
    float bestLow = low;
    float bestHigh = high;
    for (int i = 1; i <= CANDIDATES; i++) {
      double a = i / 100.0;
      float l = (float) (low * (1 - a) + high * a);
      float h = (float) (low * a + high * (1 - a));
      float step = Math.max((h - l) / limit, LinearQuantizer.SMALLEST);
      double zero = Math.rint(-l / step);
      double error = error(values, step, zero, limit);
      if (error < least) {
        least = error;
        bestLow = l;
        bestHigh = h;
      }
    }
    bestLow = Math.min(bestLow, 0);
    bestHigh = Math.max(bestHigh, 0);
    float step = Math.max((bestHigh - bestLow) / limit, LinearQuantizer.SMALLEST);
    return new Found(step, (int) Math.max(0, Math.min(limit, -Math.rint(bestLow / step))));
  }

  /** Sum of powers of errors of values quantized with a step size and a zero point. */
  static double error(float[] values, float step, double zero, int limit) {
    double error = 0;
    for (float v : values) {
      double code = Math.max(0, Math.min(limit, Math.rint(v / step) + zero));
      error += Math.pow(Math.abs(v - step * (code - zero)), POWER);
    }
    return error;
  }

  /** Step size of one row of weights, already smoothed. */
  static float weights(float[] row, int limit) {
    float largest = 0;
    for (float v : row) {
      largest = Math.max(largest, Math.abs(v));
    }
    double least = Double.POSITIVE_INFINITY;
    float best = 0;
    for (int i = 1; i <= CANDIDATES; i++) {
      float step = Math.max(largest * i / 100 / limit, LinearQuantizer.SMALLEST);
      double error = weightError(row, step, limit);
      if (error < least) {
        least = error;
        best = step;
      }
    }
    return best;
  }

  private static double weightError(float[] row, float step, int limit) {
    double error = 0;
    for (float v : row) {
      double code = Math.max(-limit, Math.min(limit, Math.rint(v / step)));
      error += Math.pow(Math.abs(v - step * code), POWER);
    }
    return error;
  }
}
