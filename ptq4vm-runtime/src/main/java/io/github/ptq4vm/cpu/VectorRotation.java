package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.ChannelRotation;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ChannelRotation} of one row. Vectors of at most eight channels: most rows are a small
 * multiple of eight long. Neighbours inside a vector meet by shuffles. Where the fast transform is
 * shorter than a vector, the dense matrix does the work, with its rows stretched to vectors.
 */
final class VectorRotation {
  private static final VectorSpecies<Float> SPECIES =
      VectorMath.LANES > 8 ? FloatVector.SPECIES_256 : VectorMath.SPECIES;
  private static final int LANES = SPECIES.length();

  /** Rows of the dense matrix that share the loads of a column. */
  private static final int ROWS = 6;

  private static final VectorShuffle<Float> SWAP_1 = swap(1);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final FloatVector SIGN_1 = signs(1);
  private static final FloatVector SIGN_2 = signs(2);
  private static final FloatVector SIGN_4 = signs(4);

  private final int base;
  private final int length;
  private final float[] scale;

  /** Row-major with rows of zeros at the end, or, for short transforms, {@code [base][outputs]}. */
  private final float[] matrix;

  VectorRotation(ChannelRotation rotation) {
    this.base = rotation.base();
    this.length = rotation.length();
    this.scale = rotation.scale();
    float[] dense = rotation.matrix();
    if (length >= LANES) {
      this.matrix = Arrays.copyOf(dense, padded(base, ROWS) * base);
    } else {
      int outputs = padded(scale.length, LANES);
      this.matrix = new float[base * outputs];
      for (int l = 0; l < base; l++) {
        for (int o = 0; o < scale.length; o++) {
          matrix[l * outputs + o] = dense[o / length * base + l];
        }
      }
    }
  }

  /** Floats that {@link #apply} needs in each of its arrays. */
  int size() {
    return length >= LANES
        ? padded(base, ROWS) * length + LANES
        : Math.max(padded(scale.length, LANES), base * LANES);
  }

  private static int padded(int count, int multiple) {
    return (count + multiple - 1) / multiple * multiple;
  }

  /**
   * Rotates.
   *
   * @param x holds the row from index {@code at} on
   * @param values working memory
   * @param result the rotated row, from its start; floats beyond it are spoilt
   */
  void apply(float[] x, int at, float[] values, float[] result) {
    if (length < LANES) {
      shortTransform(x, at, values);
      repeat(values, result, base, length);
      stretchedMix(result, matrix, base, padded(scale.length, LANES), values);
      System.arraycopy(values, 0, result, 0, scale.length);
      return;
    }
    float[] transformed = base == 1 ? result : values;
    start(x, at, scale, transformed);
    for (int half = LANES; half < length; half *= 2) {
      butterflies(transformed, half / LANES, scale.length / LANES);
    }
    if (base > 1) {
      for (int i = 0; i < base; i += ROWS) {
        mix(values, matrix, i * base, base, length, result, i * length);
      }
    }
  }

  /** The whole transform of lengths below a vector's. */
  private void shortTransform(float[] x, int at, float[] values) {
    for (int k = 0; k < scale.length; k++) {
      values[k] = x[at + k] * scale[k];
    }
    for (int half = 1; half < length; half *= 2) {
      for (int pair = 0; pair < scale.length / 2; pair++) {
        int j = pair + (pair & -half);
        float a = values[j];
        float b = values[j + half];
        values[j] = a + b;
        values[j + half] = a - b;
      }
    }
  }

  /** Each range of {@code length} channels as often as it takes to fill a vector. */
  private static void repeat(float[] values, float[] repeated, int base, int length) {
    for (int l = 0; l < base; l++) {
      for (int lane = 0; lane < LANES; lane++) {
        repeated[l * LANES + lane] = values[l * length + (lane & length - 1)];
      }
    }
  }

  private static void stretchedMix(
      float[] repeated, float[] matrix, int base, int outputs, float[] mixed) {
    for (int o = 0; o < outputs; o += LANES) {
      FloatVector sum =
          FloatVector.fromArray(SPECIES, matrix, o)
              .mul(FloatVector.fromArray(SPECIES, repeated, 0));
      for (int l = 1; l < base; l++) {
        sum =
            FloatVector.fromArray(SPECIES, matrix, l * outputs + o)
                .fma(FloatVector.fromArray(SPECIES, repeated, l * LANES), sum);
      }
      sum.intoArray(mixed, o);
    }
  }

  /** Scales, and does the part of the transform that stays inside vectors. */
  private static void start(float[] x, int at, float[] scale, float[] values) {
    for (int k = 0; k < scale.length; k += LANES) {
      FloatVector v =
          FloatVector.fromArray(SPECIES, x, at + k).mul(FloatVector.fromArray(SPECIES, scale, k));
      // The neighbour plus this one, or minus where this one is the second: a product by 1 or -1
      // rounds nothing.
      v = v.fma(SIGN_1, v.rearrange(SWAP_1));
      if (LANES > 2) {
        v = v.fma(SIGN_2, v.rearrange(SWAP_2));
      }
      if (LANES > 4) {
        v = v.fma(SIGN_4, v.rearrange(SWAP_4));
      }
      v.intoArray(values, k);
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

  /**
   * Six rows of the product with the dense matrix, whose columns are {@code size} floats each, two
   * vectors at a time. Where a column is a single vector, the second one is spoilt: it lies where
   * the next row comes.
   */
  private static void mix(
      float[] values, float[] m, int at, int base, int size, float[] mixed, int to) {
    for (int j = 0; j < size; j += 2 * LANES) {
      FloatVector s00 = FloatVector.zero(SPECIES);
      FloatVector s01 = s00;
      FloatVector s10 = s00;
      FloatVector s11 = s00;
      FloatVector s20 = s00;
      FloatVector s21 = s00;
      FloatVector s30 = s00;
      FloatVector s31 = s00;
      FloatVector s40 = s00;
      FloatVector s41 = s00;
      FloatVector s50 = s00;
      FloatVector s51 = s00;
      for (int l = 0; l < base; l++) {
        FloatVector c0 = FloatVector.fromArray(SPECIES, values, l * size + j);
        FloatVector c1 = FloatVector.fromArray(SPECIES, values, l * size + j + LANES);
        FloatVector v = FloatVector.broadcast(SPECIES, m[at + l]);
        s00 = v.fma(c0, s00);
        s01 = v.fma(c1, s01);
        v = FloatVector.broadcast(SPECIES, m[at + base + l]);
        s10 = v.fma(c0, s10);
        s11 = v.fma(c1, s11);
        v = FloatVector.broadcast(SPECIES, m[at + 2 * base + l]);
        s20 = v.fma(c0, s20);
        s21 = v.fma(c1, s21);
        v = FloatVector.broadcast(SPECIES, m[at + 3 * base + l]);
        s30 = v.fma(c0, s30);
        s31 = v.fma(c1, s31);
        v = FloatVector.broadcast(SPECIES, m[at + 4 * base + l]);
        s40 = v.fma(c0, s40);
        s41 = v.fma(c1, s41);
        v = FloatVector.broadcast(SPECIES, m[at + 5 * base + l]);
        s50 = v.fma(c0, s50);
        s51 = v.fma(c1, s51);
      }
      s00.intoArray(mixed, to + j);
      s01.intoArray(mixed, to + j + LANES);
      s10.intoArray(mixed, to + size + j);
      s11.intoArray(mixed, to + size + j + LANES);
      s20.intoArray(mixed, to + 2 * size + j);
      s21.intoArray(mixed, to + 2 * size + j + LANES);
      s30.intoArray(mixed, to + 3 * size + j);
      s31.intoArray(mixed, to + 3 * size + j + LANES);
      s40.intoArray(mixed, to + 4 * size + j);
      s41.intoArray(mixed, to + 4 * size + j + LANES);
      s50.intoArray(mixed, to + 5 * size + j);
      s51.intoArray(mixed, to + 5 * size + j + LANES);
    }
  }

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane ^ distance) % LANES);
  }

  private static FloatVector signs(int distance) {
    float[] signs = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      signs[lane] = (lane & distance) == 0 ? 1f : -1f;
    }
    return FloatVector.fromArray(SPECIES, signs, 0);
  }
}
