package io.github.ptq4vm.cpu;

/**
 * Elementary functions in float32, written without branches, calls and integers so that the JIT
 * compiler can turn a loop over them into vector instructions.
 */
final class Elementary {
  private Elementary() {}

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

  /** {@code -exp(aLog)}, in double and rounded once. */
  static float decayRate(float aLog) {
    return (float) -Math.exp(aLog);
  }
}
