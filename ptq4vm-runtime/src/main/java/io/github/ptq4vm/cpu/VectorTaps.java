package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What depthwise convolutions have in common: the sum over taps for one output row, whole rows at a
 * time, in the order of the taps. Four taps share a pass over the sums.
 */
final class VectorTaps {
  private VectorTaps() {}

  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

  /** Weights by tap: {@code [taps][channels]} of {@code [channels][taps]}. */
  static float[] byTap(float[] weight, int channels, int taps) {
    float[] transposed = new float[weight.length];
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < taps; i++) {
        transposed[i * channels + c] = weight[c * taps + i];
      }
    }
    return transposed;
  }

  /**
   * Sums of a row: {@code sums = bias + x[rows[0] ...] * weights[taps[0] ...] + ...}, each product
   * added with one rounding.
   *
   * @param x input
   * @param rows where the row of each tap starts in x
   * @param weights by tap
   * @param taps where the weights of each tap start
   * @param count number of taps
   * @param sums result
   */
  static void sum(
      float[] bias,
      float[] x,
      int[] rows,
      float[] weights,
      int[] taps,
      int count,
      float[] sums,
      int channels) {
    System.arraycopy(bias, 0, sums, 0, channels);
    int i = 0;
    for (; i + 4 <= count; i += 4) {
      four(
          x,
          rows[i],
          rows[i + 1],
          rows[i + 2],
          rows[i + 3],
          weights,
          taps[i],
          taps[i + 1],
          taps[i + 2],
          taps[i + 3],
          sums,
          channels);
    }
    for (; i < count; i++) {
      one(x, rows[i], weights, taps[i], sums, channels);
    }
  }

  private static void four(
      float[] x,
      int row0,
      int row1,
      int row2,
      int row3,
      float[] weights,
      int tap0,
      int tap1,
      int tap2,
      int tap3,
      float[] sums,
      int channels) {
    int whole = SPECIES.loopBound(channels);
    for (int c = 0; c < whole; c += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, sums, c);
      sum =
          FloatVector.fromArray(SPECIES, x, row0 + c)
              .fma(FloatVector.fromArray(SPECIES, weights, tap0 + c), sum);
      sum =
          FloatVector.fromArray(SPECIES, x, row1 + c)
              .fma(FloatVector.fromArray(SPECIES, weights, tap1 + c), sum);
      sum =
          FloatVector.fromArray(SPECIES, x, row2 + c)
              .fma(FloatVector.fromArray(SPECIES, weights, tap2 + c), sum);
      sum =
          FloatVector.fromArray(SPECIES, x, row3 + c)
              .fma(FloatVector.fromArray(SPECIES, weights, tap3 + c), sum);
      sum.intoArray(sums, c);
    }
    for (int c = whole; c < channels; c++) {
      float sum = Math.fma(weights[tap0 + c], x[row0 + c], sums[c]);
      sum = Math.fma(weights[tap1 + c], x[row1 + c], sum);
      sum = Math.fma(weights[tap2 + c], x[row2 + c], sum);
      sums[c] = Math.fma(weights[tap3 + c], x[row3 + c], sum);
    }
  }

  private static void one(
      float[] x, int row, float[] weights, int tap, float[] sums, int channels) {
    int whole = SPECIES.loopBound(channels);
    for (int c = 0; c < whole; c += LANES) {
      FloatVector.fromArray(SPECIES, x, row + c)
          .fma(
              FloatVector.fromArray(SPECIES, weights, tap + c),
              FloatVector.fromArray(SPECIES, sums, c))
          .intoArray(sums, c);
    }
    for (int c = whole; c < channels; c++) {
      sums[c] = Math.fma(weights[tap + c], x[row + c], sums[c]);
    }
  }
}
