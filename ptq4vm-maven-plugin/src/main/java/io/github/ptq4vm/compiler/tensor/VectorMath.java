package io.github.ptq4vm.compiler.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Elementary functions and masked access on float vectors. */
final class VectorMath {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  /**
   * Adding and subtracting it rounds a float of magnitude under 2^22 to an integer, half to even.
   */
  static final float ROUND = 12582912f;

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  private VectorMath() {}

  /** Mask of the lanes in range, or null when all are. */
  static @Nullable VectorMask<Float> tail(int from, int to) {
    return from + LANES <= to ? null : SPECIES.indexInRange(from, to);
  }

  static FloatVector load(float[] array, int offset, @Nullable VectorMask<Float> mask) {
    return mask == null
        ? FloatVector.fromArray(SPECIES, array, offset)
        : FloatVector.fromArray(SPECIES, array, offset, mask);
  }

  static void store(FloatVector v, float[] array, int offset, @Nullable VectorMask<Float> mask) {
    if (mask == null) {
      v.intoArray(array, offset);
    } else {
      v.intoArray(array, offset, mask);
    }
  }

  static FloatVector round(FloatVector v) {
    return v.add(ROUND).sub(ROUND);
  }

  /**
   * Exponential with a relative error under 2e-7 for arguments in [-87, 88], beyond which the
   * argument is clamped: Cody-Waite reduction and a polynomial of degree 6.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector c = x.max(-87f).min(88f);
    FloatVector shifted = c.fma(FloatVector.broadcast(SPECIES, LOG2_E), broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), c);
    r = n.fma(broadcast(-LN2_LOW), r);
    FloatVector p = broadcast(1f / 720);
    p = p.fma(r, broadcast(1f / 120));
    p = p.fma(r, broadcast(1f / 24));
    p = p.fma(r, broadcast(1f / 6));
    p = p.fma(r, broadcast(0.5f));
    p = p.fma(r, broadcast(1f));
    p = p.fma(r, broadcast(1f));
    // The low bits of the shifted value are n; the exponent field of p moves up by it.
    IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  static FloatVector sigmoid(FloatVector x) {
    return broadcast(1f).div(exp(x.neg()).add(1f));
  }

  /** {@code log(1 + exp(x))}, the identity above 20. */
  static FloatVector softplus(FloatVector x) {
    FloatVector s = exp(x.min(20f)).lanewise(VectorOperators.LOG1P);
    return s.blend(x, x.compare(VectorOperators.GT, 20f));
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }
}
