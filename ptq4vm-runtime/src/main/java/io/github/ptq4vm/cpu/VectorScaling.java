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
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final int LANES = VectorMath.LANES;

  private final boolean hasBias;
  private final float[] weightStep;
  private final float[] bias;
  private final float[] rowSum;
  private final int[] integerRowSum;

  VectorScaling(QuantizedWeights weights) {
    int padded = (weights.outFeatures() + LANES - 1) / LANES * LANES;
    this.hasBias = weights.bias() != null;
    this.weightStep = Arrays.copyOf(weights.weightStep(), padded);
    this.bias = weights.bias() == null ? new float[0] : Arrays.copyOf(weights.bias(), padded);
    this.integerRowSum = Arrays.copyOf(weights.rowSum(), padded);
    this.rowSum = new float[padded];
    for (int o = 0; o < padded; o++) {
      rowSum[o] = integerRowSum[o];
    }
  }

  /**
   * Scales a row of sums that floats hold exactly, at most 2^24.
   *
   * @param sums the sums from index {@code at} on; spoilt
   * @param zeroPoint what was added to each input, an integer
   * @param first output channel of the first sum
   * @param width number of sums; as many as fill whole vectors are read
   */
  void apply(
      float[] sums, int at, float step, float zeroPoint, int first, int width, float[] y, int yAt) {
    int whole = width / LANES * LANES;
    if (hasBias) {
      biased(sums, at, step, -zeroPoint, weightStep, rowSum, bias, first, whole, y, yAt);
    } else {
      plain(sums, at, step, -zeroPoint, weightStep, rowSum, first, whole, y, yAt);
    }
    if (whole < width) {
      int tail = at + whole;
      if (hasBias) {
        biased(
            sums, tail, step, -zeroPoint, weightStep, rowSum, bias, first + whole, 1, sums, tail);
      } else {
        plain(sums, tail, step, -zeroPoint, weightStep, rowSum, first + whole, 1, sums, tail);
      }
      System.arraycopy(sums, tail, y, yAt + whole, width - whole);
    }
  }

  private static void biased(
      float[] sums,
      int at,
      float step,
      float minusZero,
      float[] weightStep,
      float[] rowSum,
      float[] bias,
      int first,
      int count,
      float[] y,
      int yAt) {
    FloatVector zero = FloatVector.broadcast(SPECIES, minusZero);
    FloatVector scale = FloatVector.broadcast(SPECIES, step);
    for (int j = 0; j < count; j += LANES) {
      // One rounding of the exact difference, as when an int difference becomes a float.
      FloatVector.fromArray(SPECIES, rowSum, first + j)
          .fma(zero, FloatVector.fromArray(SPECIES, sums, at + j))
          .fma(
              FloatVector.fromArray(SPECIES, weightStep, first + j).mul(scale),
              FloatVector.fromArray(SPECIES, bias, first + j))
          .intoArray(y, yAt + j);
    }
  }

  private static void plain(
      float[] sums,
      int at,
      float step,
      float minusZero,
      float[] weightStep,
      float[] rowSum,
      int first,
      int count,
      float[] y,
      int yAt) {
    FloatVector zero = FloatVector.broadcast(SPECIES, minusZero);
    FloatVector scale = FloatVector.broadcast(SPECIES, step);
    for (int j = 0; j < count; j += LANES) {
      FloatVector.fromArray(SPECIES, rowSum, first + j)
          .fma(zero, FloatVector.fromArray(SPECIES, sums, at + j))
          .mul(FloatVector.fromArray(SPECIES, weightStep, first + j).mul(scale))
          .intoArray(y, yAt + j);
    }
  }

  /**
   * Takes off from a row of sums of 32 bits what the zero point adds, and rounds to floats.
   *
   * @param sums as many sums as there are output channels, and some that fill the last vector
   * @param differences result, as many
   */
  void difference(int[] sums, int at, int zeroPoint, float[] differences) {
    difference(sums, at, zeroPoint, integerRowSum, differences);
  }

  private static void difference(
      int[] sums, int at, int zeroPoint, int[] rowSum, float[] differences) {
    IntVector zero = IntVector.broadcast(INTS, zeroPoint);
    for (int j = 0; j < rowSum.length; j += LANES) {
      ((FloatVector)
              IntVector.fromArray(INTS, sums, at + j)
                  .sub(IntVector.fromArray(INTS, rowSum, j).mul(zero))
                  .convert(VectorOperators.I2F, 0))
          .intoArray(differences, j);
    }
  }
}
