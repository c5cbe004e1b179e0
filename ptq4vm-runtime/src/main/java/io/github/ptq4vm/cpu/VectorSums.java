package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sums of {@link PartialSums} to the bit: the eight partial sums are the lanes of a vector.
 * Machines whose vectors are shorter take the scalar ones.
 */
final class VectorSums {
  private VectorSums() {}

  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;
  private static final boolean FITS = VectorMath.LANES >= 8;

  /** Floats that {@link #sum} and {@link #squares} need for themselves. */
  static final int LANES = 8;

  /** The sum of a row. */
  static float sum(float[] x, int at, int count, float[] lanes) {
    if (!FITS) {
      return PartialSums.sum(x, at, count);
    }
    addUp(x, at, count, lanes);
    for (int i = count / LANES * LANES; i < count; i++) {
      lanes[0] += x[at + i];
    }
    return total(lanes);
  }

  /** The sum of the squares of the differences from a value. */
  static float squares(float[] x, int at, int count, float from, float[] lanes) {
    if (!FITS) {
      return PartialSums.squares(x, at, count, from);
    }
    addUpSquares(x, at, count, from, lanes);
    for (int i = count / LANES * LANES; i < count; i++) {
      float d = x[at + i] - from;
      lanes[0] = Math.fma(d, d, lanes[0]);
    }
    return total(lanes);
  }

  private static void addUp(float[] x, int at, int count, float[] lanes) {
    FloatVector sum = FloatVector.zero(EIGHT);
    for (int i = 0; i < count / LANES * LANES; i += LANES) {
      sum = sum.add(FloatVector.fromArray(EIGHT, x, at + i));
    }
    sum.intoArray(lanes, 0);
  }

  private static void addUpSquares(float[] x, int at, int count, float from, float[] lanes) {
    FloatVector sum = FloatVector.zero(EIGHT);
    FloatVector shift = FloatVector.broadcast(EIGHT, from);
    for (int i = 0; i < count / LANES * LANES; i += LANES) {
      FloatVector d = FloatVector.fromArray(EIGHT, x, at + i).sub(shift);
      sum = d.fma(d, sum);
    }
    sum.intoArray(lanes, 0);
  }

  private static float total(float[] s) {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  }
}
