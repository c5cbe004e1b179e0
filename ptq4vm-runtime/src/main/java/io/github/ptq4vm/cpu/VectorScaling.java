package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The output side of a quantized linear: takes off what the zero point adds to a sum, scales, adds
 * the bias, with the roundings of {@link ScalarQuantizedLinear#scaled}.
 */
final class VectorScaling {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final int PANEL = VectorTile.PANEL;

  private final int outFeatures;
  private final boolean hasBias;
  private final float[] weightStep;
  private final float[] bias;
  private final float[] rowSum;
  private final int[] integerRowSum;

  VectorScaling(QuantizedWeights weights) {
    this.outFeatures = weights.outFeatures();
    int padded = VectorTile.panels(outFeatures) * PANEL;
    this.hasBias = weights.bias() != null;
    this.weightStep = Arrays.copyOf(weights.weightStep(), padded);
    this.bias = weights.bias() == null ? weightStep : Arrays.copyOf(weights.bias(), padded);
    this.integerRowSum = Arrays.copyOf(weights.rowSum(), padded);
    this.rowSum = new float[padded];
    for (int o = 0; o < outFeatures; o++) {
      rowSum[o] = weights.rowSum()[o];
    }
  }

  /**
   * Scales a tile of sums that floats hold exactly, at most 2^24.
   *
   * @param sums {@code [rows][PANEL]}; spoilt
   * @param steps step of each row, from index {@code row} on
   * @param minusZeroPoints what was not added to each input, an integer, from index {@code row} on
   * @param channel first output channel
   * @param y result
   * @param yRow the tile's first row of it
   */
  void apply(
      float[] sums,
      float[] steps,
      float[] minusZeroPoints,
      int row,
      int rows,
      int channel,
      Matrix y,
      int yRow) {
    int width = outFeatures - channel;
    boolean whole = width >= PANEL;
    float[] to = whole ? y.data() : sums;
    int at = whole ? y.at(yRow) + channel : 0;
    int stride = whole ? y.stride() : PANEL;
    if (hasBias) {
      biased(
          sums,
          steps,
          minusZeroPoints,
          row,
          rows,
          weightStep,
          rowSum,
          bias,
          channel,
          to,
          at,
          stride);
    } else {
      plain(sums, steps, minusZeroPoints, row, rows, weightStep, rowSum, channel, to, at, stride);
    }
    if (!whole) {
      for (int r = 0; r < rows; r++) {
        System.arraycopy(sums, r * PANEL, y.data(), y.at(yRow + r) + channel, width);
      }
    }
  }

  /** Output channels, padded to what scaling a row of integers reads. */
  int padded() {
    return rowSum.length;
  }

  /**
   * Scales a row of sums of 32 bits.
   *
   * @param sums one for each output channel, in an array of {@link #padded()}
   * @param y result, from index {@code at} on
   */
  void apply(int[] sums, float step, int zeroPoint, float[] y, int at, Scratch scratch) {
    float[] scaled = scratch.floats(0, rowSum.length);
    int whole = outFeatures / LANES * LANES;
    integers(sums, step, zeroPoint, weightStep, integerRowSum, bias, hasBias, 0, whole, y, at);
    if (whole < outFeatures) {
      integers(
          sums,
          step,
          zeroPoint,
          weightStep,
          integerRowSum,
          bias,
          hasBias,
          whole,
          whole + 1,
          scaled,
          0);
      System.arraycopy(scaled, whole, y, at + whole, outFeatures - whole);
    }
  }

  private static void integers(
      int[] sums,
      float step,
      int zeroPoint,
      float[] weightStep,
      int[] rowSum,
      float[] bias,
      boolean hasBias,
      int from,
      int to,
      float[] y,
      int at) {
    IntVector zero = IntVector.broadcast(INTS, zeroPoint);
    FloatVector scale = FloatVector.broadcast(SPECIES, step);
    for (int j = from; j < to; j += LANES) {
      FloatVector difference =
          (FloatVector)
              IntVector.fromArray(INTS, sums, j)
                  .sub(IntVector.fromArray(INTS, rowSum, j).mul(zero))
                  .convert(VectorOperators.I2F, 0);
      FloatVector a = FloatVector.fromArray(SPECIES, weightStep, j).mul(scale);
      if (hasBias) {
        difference.fma(a, FloatVector.fromArray(SPECIES, bias, j)).intoArray(y, at + j);
      } else {
        difference.mul(a).intoArray(y, at + j);
      }
    }
  }

  private static void biased(
      float[] sums,
      float[] steps,
      float[] minusZeroPoints,
      int row,
      int rows,
      float[] weightStep,
      float[] rowSum,
      float[] bias,
      int channel,
      float[] y,
      int at,
      int stride) {
    FloatVector step0 = FloatVector.fromArray(SPECIES, weightStep, channel);
    FloatVector step1 = FloatVector.fromArray(SPECIES, weightStep, channel + LANES);
    FloatVector sum0 = FloatVector.fromArray(SPECIES, rowSum, channel);
    FloatVector sum1 = FloatVector.fromArray(SPECIES, rowSum, channel + LANES);
    FloatVector bias0 = FloatVector.fromArray(SPECIES, bias, channel);
    FloatVector bias1 = FloatVector.fromArray(SPECIES, bias, channel + LANES);
    for (int r = 0; r < rows; r++) {
      FloatVector zero = FloatVector.broadcast(SPECIES, minusZeroPoints[row + r]);
      FloatVector step = FloatVector.broadcast(SPECIES, steps[row + r]);
      // One rounding of the exact difference, as when an int difference becomes a float.
      sum0.fma(zero, FloatVector.fromArray(SPECIES, sums, r * PANEL))
          .fma(step0.mul(step), bias0)
          .intoArray(y, at + r * stride);
      sum1.fma(zero, FloatVector.fromArray(SPECIES, sums, r * PANEL + LANES))
          .fma(step1.mul(step), bias1)
          .intoArray(y, at + r * stride + LANES);
    }
  }

  private static void plain(
      float[] sums,
      float[] steps,
      float[] minusZeroPoints,
      int row,
      int rows,
      float[] weightStep,
      float[] rowSum,
      int channel,
      float[] y,
      int at,
      int stride) {
    FloatVector step0 = FloatVector.fromArray(SPECIES, weightStep, channel);
    FloatVector step1 = FloatVector.fromArray(SPECIES, weightStep, channel + LANES);
    FloatVector sum0 = FloatVector.fromArray(SPECIES, rowSum, channel);
    FloatVector sum1 = FloatVector.fromArray(SPECIES, rowSum, channel + LANES);
    for (int r = 0; r < rows; r++) {
      FloatVector zero = FloatVector.broadcast(SPECIES, minusZeroPoints[row + r]);
      FloatVector step = FloatVector.broadcast(SPECIES, steps[row + r]);
      sum0.fma(zero, FloatVector.fromArray(SPECIES, sums, r * PANEL))
          .mul(step0.mul(step))
          .intoArray(y, at + r * stride);
      sum1.fma(zero, FloatVector.fromArray(SPECIES, sums, r * PANEL + LANES))
          .mul(step1.mul(step))
          .intoArray(y, at + r * stride + LANES);
    }
  }
}
