package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions on vectors of floats; the counterparts of {@link Elementary}.
 *
 * <p>They go from array to array. The JIT compiler of Java 17 refuses to inline a method that it
 * has compiled on its own before, and a vector that is passed to or returned from a method that is
 * not inlined is allocated on the heap; so no method here or in the kernels takes or returns a
 * vector.
 *
 * <p>Two tricks occur twice. Among negative floats, taken as ints, the one of smaller magnitude is
 * the smaller, so an int minimum bounds them from below, in one instruction where a maximum of
 * floats takes five. And {@code p * 2^n}, where the integer n sits in the low bits of a rounded
 * float, is n shifted into the place of the exponent and added to that of p.
 */
final class VectorMath {
  private VectorMath() {}

  /** The widest vectors the machine has. */
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Floats in a vector. */
  static final int LANES = SPECIES.length();

  /**
   * Adding and taking it off again rounds a float of less than 2^22 to an integer, half to even.
   */
  static final FloatVector ROUNDER = FloatVector.broadcast(SPECIES, 0x1.8p23f);

  static final FloatVector ONE = FloatVector.broadcast(SPECIES, 1f);
  private static final FloatVector HALF = FloatVector.broadcast(SPECIES, 0.5f);
  private static final FloatVector TWO = FloatVector.broadcast(SPECIES, 2f);

  // Bounds under which exponents do not fit a float, by their bits.
  static final IntVector LOWEST_POWER = FloatVector.broadcast(SPECIES, -126f).reinterpretAsInts();
  private static final IntVector LOWEST_EXPONENT =
      FloatVector.broadcast(SPECIES, -87f).reinterpretAsInts();

  // ln 2 in two parts; products of the first with integers up to 8 bits are exact.
  private static final FloatVector LOG2_E =
      FloatVector.broadcast(SPECIES, (float) (1 / Math.log(2)));
  private static final FloatVector MINUS_LN2_HIGH = FloatVector.broadcast(SPECIES, -0x1.62e4p-1f);
  private static final FloatVector MINUS_LN2_LOW =
      FloatVector.broadcast(SPECIES, (float) (0x1.62e4p-1 - Math.log(2)));

  // Minimax polynomial of 2^f, |f| <= 1/2, that is 1 at 0.
  static final FloatVector P1 = FloatVector.broadcast(SPECIES, 0.693146978f);
  static final FloatVector P2 = FloatVector.broadcast(SPECIES, 0.240222421f);
  static final FloatVector P3 = FloatVector.broadcast(SPECIES, 0.0555073374f);
  static final FloatVector P4 = FloatVector.broadcast(SPECIES, 0.00967151281f);
  static final FloatVector P5 = FloatVector.broadcast(SPECIES, 0.00132647272f);

  // Minimax polynomial of exp(r), |r| <= ln(2)/2, that is 1 at 0.
  private static final FloatVector E1 = FloatVector.broadcast(SPECIES, 0.999999707f);
  private static final FloatVector E2 = FloatVector.broadcast(SPECIES, 0.499991495f);
  private static final FloatVector E3 = FloatVector.broadcast(SPECIES, 0.166676362f);
  private static final FloatVector E4 = FloatVector.broadcast(SPECIES, 0.04189793f);
  private static final FloatVector E5 = FloatVector.broadcast(SPECIES, 0.00829031473f);

  // Series of artanh(z) / z in z^2.
  private static final FloatVector A1 = FloatVector.broadcast(SPECIES, 1f / 3);
  private static final FloatVector A2 = FloatVector.broadcast(SPECIES, 1f / 5);
  private static final FloatVector A3 = FloatVector.broadcast(SPECIES, 1f / 7);
  private static final FloatVector A4 = FloatVector.broadcast(SPECIES, 1f / 9);
  private static final FloatVector A5 = FloatVector.broadcast(SPECIES, 1f / 11);
  private static final FloatVector A6 = FloatVector.broadcast(SPECIES, 1f / 13);

  // Those of Elementary.gelu.
  private static final FloatVector G1 = FloatVector.broadcast(SPECIES, Elementary.GELU_1);
  private static final FloatVector G2 = FloatVector.broadcast(SPECIES, Elementary.GELU_2);
  private static final FloatVector G3 = FloatVector.broadcast(SPECIES, Elementary.GELU_3);
  private static final FloatVector G4 = FloatVector.broadcast(SPECIES, Elementary.GELU_4);
  private static final FloatVector G5 = FloatVector.broadcast(SPECIES, Elementary.GELU_5);
  private static final FloatVector G6 = FloatVector.broadcast(SPECIES, Elementary.GELU_6);
  private static final FloatVector G7 = FloatVector.broadcast(SPECIES, Elementary.GELU_7);
  private static final FloatVector G8 = FloatVector.broadcast(SPECIES, Elementary.GELU_8);
  private static final FloatVector G9 = FloatVector.broadcast(SPECIES, Elementary.GELU_9);

  /**
   * {@code y = exp(-|x|)}; where |x| is above 87 the result stays {@code exp(-87)}. Relative error
   * below 2e-7. Computes {@code count} floats, a multiple of a vector's.
   */
  static void exp(float[] x, int xAt, float[] y, int yAt, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector negative = FloatVector.fromArray(SPECIES, x, xAt + i).abs().neg();
      FloatVector bounded = negative.reinterpretAsInts().min(LOWEST_EXPONENT).reinterpretAsFloats();
      FloatVector rounded = bounded.fma(LOG2_E, ROUNDER);
      FloatVector n = rounded.sub(ROUNDER);
      FloatVector r = n.fma(MINUS_LN2_LOW, n.fma(MINUS_LN2_HIGH, bounded));
      FloatVector p = r.fma(E5, E4);
      p = p.fma(r, E3);
      p = p.fma(r, E2);
      p = p.fma(r, E1);
      p = p.fma(r, ONE);
      IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      p.reinterpretAsInts().add(exponent).reinterpretAsFloats().intoArray(y, yAt + i);
    }
  }

  /** {@code y = log(1 + exp(x))} for {@code count} floats, a multiple of a vector's. */
  static void softplus(float[] x, int xAt, float[] y, int yAt, int count) {
    exp(x, xAt, y, yAt, count);
    for (int i = 0; i < count; i += LANES) {
      FloatVector e = FloatVector.fromArray(SPECIES, y, yAt + i);
      FloatVector z = e.div(e.add(TWO));
      FloatVector s = z.mul(z);
      FloatVector p = s.fma(A6, A5);
      p = p.fma(s, A4);
      p = p.fma(s, A3);
      p = p.fma(s, A2);
      p = p.fma(s, A1);
      FloatVector artanh = p.fma(z.mul(s), z);
      // max(x, 0) is exactly half of x + |x|.
      FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
      v.add(v.abs()).fma(HALF, artanh.add(artanh)).intoArray(y, yAt + i);
    }
  }

  /** {@code y = x / (1 + exp(-x))} for {@code count} floats, a multiple of a vector's. */
  static void silu(float[] x, int xAt, float[] y, int yAt, int count) {
    exp(x, xAt, y, yAt, count);
    for (int i = 0; i < count; i += LANES) {
      FloatVector e = FloatVector.fromArray(SPECIES, y, yAt + i);
      FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
      FloatVector magnitude = v.abs();
      // (max(x, 0) + min(x, 0)*e) / (1 + e), both times two.
      FloatVector twice = v.sub(magnitude).fma(e, v.add(magnitude));
      twice.mul(HALF).div(e.add(ONE)).intoArray(y, yAt + i);
    }
  }

  /** {@code y = 1 / (1 + exp(-x))} for {@code count} floats, a multiple of a vector's. */
  static void sigmoid(float[] x, int xAt, float[] y, int yAt, int count) {
    exp(x, xAt, y, yAt, count);
    for (int i = 0; i < count; i += LANES) {
      FloatVector e = FloatVector.fromArray(SPECIES, y, yAt + i);
      FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
      // Where x is negative, exp(x) / (1 + exp(x)).
      ONE.blend(e, v.lt(0f)).div(e.add(ONE)).intoArray(y, yAt + i);
    }
  }

  /**
   * GELU of {@code count} floats, a multiple of a vector's, to the bit as {@link Elementary#gelu}.
   */
  static void gelu(float[] x, int xAt, float[] y, int yAt, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
      FloatVector a = v.abs();
      FloatVector p = a.fma(G9, G8);
      p = p.fma(a, G7);
      p = p.fma(a, G6);
      p = p.fma(a, G5);
      p = p.fma(a, G4);
      p = p.fma(a, G3);
      p = p.fma(a, G2);
      p = p.fma(a, G1);
      p = p.fma(a, ONE);
      FloatVector r = ONE.div(p);
      r = r.mul(r);
      r = r.mul(r);
      r = r.mul(r);
      FloatVector magnitude = a.mul(HALF);
      r.fma(magnitude.neg(), v.mul(HALF).add(magnitude)).intoArray(y, yAt + i);
    }
  }
}
