package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.ChannelRotation;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ChannelRotation} of several rows at a time, one in each lane: every addition of the
 * transform is then one of whole vectors, however small the halves and the length are.
 *
 * <p>Values are {@code [channels][VectorInput.WIDTH]}.
 */
final class VectorRotation {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;
  private static final int WIDTH = VectorInput.WIDTH;

  /** Rows of the dense matrix that share the loads of a column. */
  private static final int ROWS = 4;

  private final int base;
  private final int length;
  private final float[] scale;
  private final float[] matrix;

  VectorRotation(ChannelRotation rotation) {
    this.base = rotation.base();
    this.length = rotation.length();
    this.scale = rotation.scale();
    this.matrix = Arrays.copyOf(rotation.matrix(), paddedBase() * base);
  }

  /** Floats that {@link #apply} needs in each of its arrays. */
  int size() {
    return (base == 1 ? 1 : paddedBase()) * length * WIDTH;
  }

  private int paddedBase() {
    return (base + ROWS - 1) / ROWS * ROWS;
  }

  /**
   * Rotates.
   *
   * @param values the rows; overwritten
   * @param spare as large as the values, {@link #size()}
   * @return the one of the two arrays that holds the result
   */
  float[] apply(float[] values, float[] spare) {
    scale(values, scale);
    for (int half = 1; half < length; half *= 2) {
      butterflies(values, half * WIDTH / LANES, scale.length * WIDTH / LANES);
    }
    if (base == 1) {
      return values;
    }
    for (int i = 0; i < base; i += ROWS) {
      mix(values, matrix, i, base, length * WIDTH, spare);
    }
    return spare;
  }

  private static void scale(float[] values, float[] scale) {
    for (int k = 0; k < scale.length; k++) {
      FloatVector factor = FloatVector.broadcast(SPECIES, scale[k]);
      for (int at = k * WIDTH; at < (k + 1) * WIDTH; at += LANES) {
        FloatVector.fromArray(SPECIES, values, at).mul(factor).intoArray(values, at);
      }
    }
  }

  /**
   * Sums and differences of neighbouring halves.
   *
   * @param half vectors in a half, a power of two
   * @param count vectors in all
   */
  private static void butterflies(float[] values, int half, int count) {
    for (int pair = 0; pair < count / 2; pair++) {
      // The bits of the pair from that of the half upwards move up by one.
      int at = (pair + (pair & -half)) * LANES;
      FloatVector a = FloatVector.fromArray(SPECIES, values, at);
      FloatVector b = FloatVector.fromArray(SPECIES, values, at + half * LANES);
      a.add(b).intoArray(values, at);
      a.sub(b).intoArray(values, at + half * LANES);
    }
  }

  /** Four rows of the product with the dense matrix, whose columns are {@code size} floats each. */
  private static void mix(
      float[] values, float[] matrix, int first, int base, int size, float[] mixed) {
    for (int j = 0; j < size; j += LANES) {
      FloatVector c = FloatVector.fromArray(SPECIES, values, j);
      FloatVector s0 = c.mul(matrix[first * base]);
      FloatVector s1 = c.mul(matrix[(first + 1) * base]);
      FloatVector s2 = c.mul(matrix[(first + 2) * base]);
      FloatVector s3 = c.mul(matrix[(first + 3) * base]);
      for (int l = 1; l < base; l++) {
        c = FloatVector.fromArray(SPECIES, values, l * size + j);
        s0 = c.fma(FloatVector.broadcast(SPECIES, matrix[first * base + l]), s0);
        s1 = c.fma(FloatVector.broadcast(SPECIES, matrix[(first + 1) * base + l]), s1);
        s2 = c.fma(FloatVector.broadcast(SPECIES, matrix[(first + 2) * base + l]), s2);
        s3 = c.fma(FloatVector.broadcast(SPECIES, matrix[(first + 3) * base + l]), s3);
      }
      s0.intoArray(mixed, first * size + j);
      s1.intoArray(mixed, (first + 1) * size + j);
      s2.intoArray(mixed, (first + 2) * size + j);
      s3.intoArray(mixed, (first + 3) * size + j);
    }
  }
}
