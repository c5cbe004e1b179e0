package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.DynamicScaleKernel;
import io.github.ptq4vm.compiler.tensor.ErrorKernel;
import io.github.ptq4vm.compiler.tensor.Parallel;

/**
 * The search for the share of a row's own range that codes cover, the one number of a dynamic
 * scale. Every row sets its own range, on new images as on these, so nothing need be held out.
 */
final class ShareSearch {
  private static final double NARROWEST = 0.7;
  private static final double WIDEST = 1.05;
  private static final int CANDIDATES = 15;

  private ShareSearch() {}

  /**
   * The share with the least sum of squared errors; of equal ones the first.
   *
   * @param input rows of channels
   * @param reciprocal reciprocal smoothing factors
   * @param limit largest code
   */
  static float share(Parallel parallel, float[] input, float[] reciprocal, int limit) {
    int channels = reciprocal.length;
    double[][] parts = new double[parallel.threads()][CANDIDATES];
    parallel.forRange(
        input.length / channels,
        (part, from, to) -> {
          float[] smoothed = new float[channels];
          for (int row = from; row < to; row++) {
            for (int c = 0; c < channels; c++) {
              smoothed[c] = input[row * channels + c] * reciprocal[c];
            }
            addErrors(smoothed, limit, parts[part]);
          }
        });
    double[] errors = new double[CANDIDATES];
    for (double[] part : parts) {
      for (int i = 0; i < CANDIDATES; i++) {
        errors[i] += part[i];
      }
    }
    int best = 0;
    for (int i = 1; i < CANDIDATES; i++) {
      best = errors[i] < errors[best] ? i : best;
    }
    return candidate(best);
  }

  private static void addErrors(float[] row, int limit, double[] errors) {
    float low = 0;
    float high = 0;
    for (float v : row) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    for (int i = 0; i < CANDIDATES; i++) {
      float share = candidate(i);
      float step = DynamicScaleKernel.step(low, high, share, limit);
      int zero = DynamicScaleKernel.zeroPoint(low, step, share, limit);
      errors[i] += ErrorKernel.sum(row, 0, row.length, step, -zero, limit - zero, 2f);
    }
  }

  private static float candidate(int index) {
    return (float) (NARROWEST + (WIDEST - NARROWEST) * index / (CANDIDATES - 1));
  }
}
