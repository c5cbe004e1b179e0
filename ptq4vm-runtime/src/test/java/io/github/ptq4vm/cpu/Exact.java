package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;

/** Elementwise functions in double precision. */
public final class Exact {
  private Exact() {}

  /** What an activation is. */
  public static double activation(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case SILU -> x / (1 + Math.exp(-x));
      case GELU -> x < 0 ? x / 2 * erfc(-x / Math.sqrt(2)) : x - x / 2 * erfc(x / Math.sqrt(2));
      case SIGMOID -> 1 / (1 + Math.exp(-x));
    };
  }

  /**
   * Complementary error function of z, 0 or more: below 2 by the Taylor series of erf, above by the
   * continued fraction.
   */
  static double erfc(double z) {
    if (z < 2) {
      double term = z;
      double sum = z;
      for (int n = 1; n < 60; n++) {
        term *= -z * z / n;
        sum += term / (2 * n + 1);
      }
      return 1 - 2 / Math.sqrt(Math.PI) * sum;
    }
    double tail = z;
    for (int n = 100; n > 0; n--) {
      tail = z + n / 2.0 / tail;
    }
    return Math.exp(-z * z) / (Math.sqrt(Math.PI) * tail);
  }
}
