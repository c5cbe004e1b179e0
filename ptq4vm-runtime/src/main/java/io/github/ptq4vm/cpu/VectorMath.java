package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Elementary functions on vectors of floats; the counterparts of {@link Elementary}. */
final class VectorMath {
  private VectorMath() {}

  /** The widest vectors the machine has. */
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Floats in a vector. */
  static final int LANES = SPECIES.length();

  /**
   * Adding and taking it off again rounds a float of less than 2^22 to an integer, half to even.
   */
  static final float ROUNDER = 0x1.8p23f;

  private static final float LOG2_E = (float) (1 / Math.log(2));
  // ln 2 in two parts; products of the first with integers up to 8 bits are exact.
  private static final float LN2_HIGH = 0x1.62e4p-1f;
  private static final float LN2_LOW = (float) (Math.log(2) - 0x1.62e4p-1);

  // Coefficients of the minimax polynomials for 2^f and exp(r), found by a weighted fit.
  private static final float P1 = 0.693146978f;
  private static final float P2 = 0.240222421f;
  private static final float P3 = 0.0555073374f;
  private static final float P4 = 0.00967151281f;
  private static final float P5 = 0.00132647272f;
  private static final float E1 = 0.999999707f;
  private static final float E2 = 0.499991495f;
  private static final float E3 = 0.166676362f;
  private static final float E4 = 0.04189793f;
  private static final float E5 = 0.00829031473f;

  /**
   * {@code 2^x} for x of at most 0; from -126 downwards the result stays {@code 2^-126}. Relative
   * error below 2e-7.
   */
  static FloatVector exp2(FloatVector x) {
    FloatVector bounded = x.max(-126f);
    FloatVector rounded = bounded.add(ROUNDER);
    FloatVector f = bounded.sub(rounded.sub(ROUNDER));
    // Minimax polynomial of 2^f, |f| <= 1/2, that is 1 at 0.
    FloatVector p = f.fma(broadcast(P5), broadcast(P4));
    p = p.fma(f, broadcast(P3));
    p = p.fma(f, broadcast(P2));
    p = p.fma(f, broadcast(P1));
    p = p.fma(f, broadcast(1f));
    return scale(p, rounded);
  }

  /**
   * {@code exp(x)} for x of at most 0; from -87 downwards the result stays {@code exp(-87)}.
   * Relative error below 2e-7.
   */
  static FloatVector expNonPositive(FloatVector x) {
    FloatVector bounded = x.max(-87f);
    FloatVector rounded = bounded.mul(LOG2_E).add(ROUNDER);
    FloatVector n = rounded.sub(ROUNDER);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), bounded);
    r = n.fma(broadcast(-LN2_LOW), r);
    // Minimax polynomial of exp(r), |r| <= ln(2)/2, that is 1 at 0.
    FloatVector p = r.fma(broadcast(E5), broadcast(E4));
    p = p.fma(r, broadcast(E3));
    p = p.fma(r, broadcast(E2));
    p = p.fma(r, broadcast(E1));
    p = p.fma(r, broadcast(1f));
    return scale(p, rounded);
  }

  /** {@code log(1 + exp(x))}. */
  static FloatVector softplus(FloatVector x) {
    FloatVector e = expNonPositive(x.abs().neg());
    FloatVector z = e.div(e.add(2f));
    FloatVector s = z.mul(z);
    FloatVector p = s.fma(broadcast(1f / 13), broadcast(1f / 11));
    p = p.fma(s, broadcast(1f / 9));
    p = p.fma(s, broadcast(1f / 7));
    p = p.fma(s, broadcast(1f / 5));
    p = p.fma(s, broadcast(1f / 3));
    FloatVector half = p.fma(z.mul(s), z);
    return half.add(half).add(x.max(0f));
  }

  /** {@code x / (1 + exp(-x))}. */
  static FloatVector silu(FloatVector x) {
    FloatVector e = expNonPositive(x.abs().neg());
    return x.min(0f).mul(e).add(x.max(0f)).div(e.add(1f));
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /**
   * {@code p * 2^n} where the integer n sits in the low bits of {@code rounded}: shifted into the
   * place of the exponent and added to that of p.
   */
  private static FloatVector scale(FloatVector p, FloatVector rounded) {
    return p.reinterpretAsInts()
        .add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
        .reinterpretAsFloats();
  }
}
