package io.github.ptq4vm.compiler;

import io.github.ptq4vm.network.Activation;

/** Activations in double precision, as they are defined. */
public final class ExactActivation {
  private ExactActivation() {}

  /** An activation of a number. */
  public static double of(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case SILU -> x / (1 + Math.exp(-x));
      case GELU -> x * below(x);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
    };
  }

  /** Share of a normal distribution below x: its Taylor series, whose terms are all positive. */
  public static double below(double x) {
    double term = Math.abs(x);
    double sum = 0;
    for (int n = 3; term > sum * 1e-17; n += 2) {
      sum += term;
      term *= x * x / n;
    }
    double half = sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    return x < 0 ? 0.5 - half : 0.5 + half;
  }
}
