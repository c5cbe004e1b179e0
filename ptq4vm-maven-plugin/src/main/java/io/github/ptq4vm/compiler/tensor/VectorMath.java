package io.github.ptq4vm.compiler.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
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

  private static final float LOG2_E = (float) (1 / Math.log(2));
  // ln 2 in two parts; products of the first with integers of up to 8 bits are exact.
  private static final float LN2_HIGH = 0x1.62e4p-1f;
  private static final float LN2_LOW = (float) (Math.log(2) - 0x1.62e4p-1);

  // Powers of 1 / (1 + 0.26 x), see beyond.
  private static final float TAIL_1 = 0.103759066f;
  private static final float TAIL_2 = 0.103016633f;
  private static final float TAIL_3 = 0.103031156f;
  private static final float TAIL_4 = 0.0510238949f;
  private static final float TAIL_5 = 0.160957385f;
  private static final float TAIL_6 = -0.150963714f;
  private static final float TAIL_7 = 0.25150503f;
  private static final float TAIL_8 = -0.152835885f;
  private static final float TAIL_9 = 0.0305064211f;

  private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
  private static final int SQRT_HALF = Float.floatToRawIntBits((float) Math.sqrt(0.5));

  private static final VectorShuffle<Float> BY_1 = rotation(1);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_16 = rotation(16);
  private static final VectorShuffle<Float> BY_32 = rotation(32);

  private VectorMath() {}

  private static VectorShuffle<Float> rotation(int distance) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane + distance) % LANES);
  }

  static FloatVector load(float[] array, int offset) {
    return FloatVector.fromArray(SPECIES, array, offset);
  }

  static FloatVector zero() {
    return FloatVector.zero(SPECIES);
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /**
   * Sum of the lanes, neighbours first. The order of the JVM's own sum depends on whether its
   * caller is compiled, so whoever relies on equal bits cannot use it.
   */
  static float sum(FloatVector v) {
    FloatVector s = LANES > 1 ? v.add(v.rearrange(BY_1)) : v;
    s = LANES > 2 ? s.add(s.rearrange(BY_2)) : s;
    s = LANES > 4 ? s.add(s.rearrange(BY_4)) : s;
    s = LANES > 8 ? s.add(s.rearrange(BY_8)) : s;
    s = LANES > 16 ? s.add(s.rearrange(BY_16)) : s;
    s = LANES > 32 ? s.add(s.rearrange(BY_32)) : s;
    return s.lane(0);
  }

  static FloatVector round(FloatVector v) {
    return v.add(ROUND).sub(ROUND);
  }

  /**
   * {@code 2^x} with a relative error under 3e-7 for arguments in [-126, 127], beyond which the
   * argument is clamped: the minimax polynomial of degree 5 on [-1/2, 1/2] that is 1 at 0.
   */
  static FloatVector exp2(FloatVector x) {
    FloatVector c = x.max(-126f).min(127f);
    FloatVector shifted = c.add(ROUND);
    FloatVector f = c.sub(shifted.sub(ROUND));
    FloatVector p =
        f.fma(broadcast(0.00132647272f), broadcast(0.00967151281f))
            .fma(f, broadcast(0.0555073374f))
            .fma(f, broadcast(0.240222421f))
            .fma(f, broadcast(0.693146978f))
            .fma(f, broadcast(1f));
    return scale(p, shifted);
  }

  /**
   * {@code exp(x)} with a relative error under 2.5e-7 for arguments in [-87, 88], beyond which the
   * argument is clamped: the same, after taking off a multiple of ln 2 in two parts.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector c = x.max(-87f).min(88f);
    FloatVector shifted = c.mul(LOG2_E).add(ROUND);
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), c);
    r = n.fma(broadcast(-LN2_LOW), r);
    FloatVector p =
        r.fma(broadcast(0.00829031473f), broadcast(0.04189793f))
            .fma(r, broadcast(0.166676362f))
            .fma(r, broadcast(0.499991495f))
            .fma(r, broadcast(0.999999707f))
            .fma(r, broadcast(1f));
    return scale(p, shifted);
  }

  /** The low bits of the shifted value are an integer; the exponent field of p moves up by it. */
  private static FloatVector scale(FloatVector p, FloatVector shifted) {
    return p.reinterpretAsInts()
        .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
        .reinterpretAsFloats();
  }

  static FloatVector sigmoid(FloatVector x) {
    return broadcast(1f).div(exp(x.neg()).add(1f));
  }

  /** {@code log(1 + exp(x))} with a relative error under 5e-7; the identity above 20. */
  static FloatVector softplus(FloatVector x) {
    FloatVector e = exp(x.abs().neg());
    return twiceAtanh(e.div(e.add(2f))).add(x.max(0f));
  }

  /** Natural logarithm of positive normal floats, with an error under 2e-7 times 1 or itself. */
  static FloatVector log(FloatVector x) {
    // x = 2^n * m with m between sqrt(1/2) and sqrt(2).
    IntVector bits = x.reinterpretAsInts();
    IntVector n = bits.sub(SQRT_HALF).lanewise(VectorOperators.ASHR, 23);
    FloatVector m = bits.sub(n.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
    FloatVector exponent = n.add(ROUND_BITS).reinterpretAsFloats().sub(ROUND);
    return exponent.fma(
        broadcast(LN2_HIGH),
        exponent.fma(broadcast(LN2_LOW), twiceAtanh(m.sub(1f).div(m.add(1f)))));
  }

  /**
   * {@code log((1 + s) / (1 - s))} for magnitudes up to 1/3: a minimax polynomial of degree 4 in
   * s^2. The JVM's own logarithms round differently once their caller is compiled, so whoever
   * relies on equal bits cannot use them.
   */
  private static FloatVector twiceAtanh(FloatVector s) {
    FloatVector z = s.mul(s);
    FloatVector p =
        z.fma(broadcast(0.14005993f), broadcast(0.14000903f))
            .fma(z, broadcast(0.20010763f))
            .fma(z, broadcast(0.3333321f))
            .mul(z);
    FloatVector twice = s.add(s);
    return p.fma(twice, twice);
  }

  /**
   * Share of a standard normal distribution beyond x, for x of at least 0: a minimax polynomial of
   * degree 9 in {@code 1 / (1 + 0.26 x)}, of relative error 2.5e-8, times {@code exp(-x^2 / 2)}.
   * Its rounding errors stay under 3e-7, and under 1.5e-7 when multiplied by x.
   *
   * @param bell the exponential, which callers need too
   */
  static FloatVector beyond(FloatVector x, FloatVector bell) {
    FloatVector k = broadcast(1f).div(x.fma(broadcast(0.26f), broadcast(1f)));
    FloatVector p =
        k.fma(broadcast(TAIL_9), broadcast(TAIL_8))
            .fma(k, broadcast(TAIL_7))
            .fma(k, broadcast(TAIL_6))
            .fma(k, broadcast(TAIL_5))
            .fma(k, broadcast(TAIL_4))
            .fma(k, broadcast(TAIL_3))
            .fma(k, broadcast(TAIL_2))
            .fma(k, broadcast(TAIL_1))
            .mul(k);
    return p.mul(bell);
  }

  /** Scalar {@link #sigmoid}. */
  static float sigmoid(float x) {
    return (float) (1 / (1 + Math.exp(-x)));
  }

  /** Scalar {@link #beyond}. */
  static double beyond(double x) {
    double k = 1 / (1 + 0.26 * x);
    double p = TAIL_9;
    p = p * k + TAIL_8;
    p = p * k + TAIL_7;
    p = p * k + TAIL_6;
    p = p * k + TAIL_5;
    p = p * k + TAIL_4;
    p = p * k + TAIL_3;
    p = p * k + TAIL_2;
    p = p * k + TAIL_1;
    return p * k * Math.exp(-0.5 * x * x);
  }
}
