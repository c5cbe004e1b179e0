package io.github.ptq4vm.cpu;

/**
 * Elementary functions in float32, written without branches, calls and integers so that the JIT
 * compiler can turn a loop over them into vector instructions.
 */
final class Elementary {
  private Elementary() {}

  // Minimax polynomial of erfc(a / sqrt(2))^(-1/8), a >= 0, that is 1 at 0.
  static final float GELU_1 = 9.97363e-2f;
  static final float GELU_2 = 4.475503e-2f;
  static final float GELU_3 = 8.704184e-3f;
  static final float GELU_4 = 7.920847e-4f;
  static final float GELU_5 = 2.886926e-4f;
  static final float GELU_6 = 2.260243e-7f;
  static final float GELU_7 = 1.4084605e-5f;
  static final float GELU_8 = -2.2654585e-6f;
  static final float GELU_9 = 3.598388e-7f;

  /**
   * {@code exp(x)} for x of at most 0, with an absolute error below 5e-7 and, where x is above -20,
   * a relative error below 1e-5.
   *
   * <p>Computes {@code exp(x/256) - 1} by its Taylor series and squares eight times. The first five
   * squarings work on the difference to 1, which keeps the digits that a number next to 1 has no
   * room for; the last three work on the number itself, which keeps the digits of small results.
   */
  static float expNonPositive(float x) {
    float t = Math.max(x, -64f) * (1f / 256);
    float p = Math.fma(t, 1f / 120, 1f / 24);
    p = Math.fma(t, p, 1f / 6);
    p = Math.fma(t, p, 0.5f);
    float d = Math.fma(t * t, p, t);
    d = Math.fma(d, d, d + d);
    d = Math.fma(d, d, d + d);
    d = Math.fma(d, d, d + d);
    d = Math.fma(d, d, d + d);
    d = Math.fma(d, d, d + d);
    float e = 1f + d;
    e = e * e;
    e = e * e;
    return e * e;
  }

  /**
   * {@code log(1 + exp(x))}. Above 20 the result is x to the last bit, as with the threshold of the
   * original implementations.
   */
  static float softplus(float x) {
    float e = expNonPositive(-Math.abs(x));
    // log(1 + e) = 2 artanh(e / (2 + e)), and e / (2 + e) is at most 1/3.
    float z = e / (2f + e);
    float s = z * z;
    float p = Math.fma(s, 1f / 13, 1f / 11);
    p = Math.fma(s, p, 1f / 9);
    p = Math.fma(s, p, 1f / 7);
    p = Math.fma(s, p, 1f / 5);
    p = Math.fma(s, p, 1f / 3);
    return Math.max(x, 0f) + 2f * Math.fma(z * s, p, z);
  }

  /** {@code x / (1 + exp(-x))}. */
  static float silu(float x) {
    float e = expNonPositive(-Math.abs(x));
    return (Math.max(x, 0f) + Math.min(x, 0f) * e) / (1f + e);
  }

  /** {@code 1 / (1 + exp(-x))}. */
  static float sigmoid(float x) {
    return expNonPositive(Math.min(x, 0f)) / (1f + expNonPositive(-Math.abs(x)));
  }

  /**
   * {@code x/2 * (1 + erf(x / sqrt(2)))}, with an absolute error below 3e-7 and, where x is above
   * -3, a relative error below 4e-6.
   *
   * <p>Computes {@code max(x, 0) - |x|/2 * erfc(|x| / sqrt(2))}: both terms are small where the
   * result is. The complementary error function is the eighth power of the reciprocal of a
   * polynomial, which needs no exponential and vanishes for large arguments by itself.
   */
  static float gelu(float x) {
    float a = Math.abs(x);
    float p = Math.fma(a, GELU_9, GELU_8);
    p = Math.fma(a, p, GELU_7);
    p = Math.fma(a, p, GELU_6);
    p = Math.fma(a, p, GELU_5);
    p = Math.fma(a, p, GELU_4);
    p = Math.fma(a, p, GELU_3);
    p = Math.fma(a, p, GELU_2);
    p = Math.fma(a, p, GELU_1);
    p = Math.fma(a, p, 1f);
    float r = 1f / p;
    r = r * r;
    r = r * r;
    r = r * r;
    float half = 0.5f * x;
    float magnitude = 0.5f * a;
    return Math.fma(-magnitude, r, half + magnitude);
  }

  /** {@code -exp(aLog)}, in double and rounded once. */
  static float decayRate(float aLog) {
    return (float) -Math.exp(aLog);
  }
}
