package io.github.ptq4vm.compiler.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions on float vectors.
 *
 * <p>The compiler stops inlining once a method has grown, and a vector that crosses a call is
 * allocated: kernels therefore keep each loop over vectors in a method of its own, small and free
 * of masks, and finish the last few elements with scalars.
 */
final class VectorMath {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  /**
   * Adding and subtracting it rounds a float of magnitude under 2^22 to an integer, half to even.
   */
  static final float ROUND = 12582912f;

  private static final FloatVector ROUNDS = constant(ROUND);
  private static final FloatVector LOG2_E = constant(1.44269504f);
  private static final FloatVector LN2_HIGH = constant(-0.693359375f);
  private static final FloatVector LN2_LOW = constant(2.12194440e-4f);
  private static final FloatVector C6 = constant(1f / 720);
  private static final FloatVector C5 = constant(1f / 120);
  private static final FloatVector C4 = constant(1f / 24);
  private static final FloatVector C3 = constant(1f / 6);
  private static final FloatVector C2 = constant(0.5f);
  private static final FloatVector ONE = constant(1f);

  private VectorMath() {}

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  static FloatVector load(float[] array, int offset) {
    return FloatVector.fromArray(SPECIES, array, offset);
  }

  static FloatVector zero() {
    return FloatVector.zero(SPECIES);
  }

  static FloatVector round(FloatVector v) {
    return v.add(ROUNDS).sub(ROUNDS);
  }

  /**
   * Exponential with a relative error under 2.5e-7 for arguments in [-87, 88], beyond which the
   * argument is clamped: Cody-Waite reduction and a polynomial of degree 6.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector c = x.max(-87f).min(88f);
    FloatVector shifted = c.fma(LOG2_E, ROUNDS);
    FloatVector n = shifted.sub(ROUNDS);
    FloatVector r = n.fma(LN2_LOW, n.fma(LN2_HIGH, c));
    FloatVector p = C6.fma(r, C5).fma(r, C4).fma(r, C3).fma(r, C2).fma(r, ONE).fma(r, ONE);
    // The low bits of the shifted value are n; the exponent field of p moves up by it.
    return p.reinterpretAsInts()
        .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
        .reinterpretAsFloats();
  }

  static FloatVector sigmoid(FloatVector x) {
    return ONE.div(exp(x.neg()).add(ONE));
  }

  /** {@code log(1 + exp(x))}, the identity above 20. */
  static FloatVector softplus(FloatVector x) {
    FloatVector s = exp(x.min(20f)).lanewise(VectorOperators.LOG1P);
    return s.blend(x, x.compare(VectorOperators.GT, 20f));
  }

  /** Scalar {@link #sigmoid}. */
  static float sigmoid(float x) {
    return (float) (1 / (1 + Math.exp(-x)));
  }
}
