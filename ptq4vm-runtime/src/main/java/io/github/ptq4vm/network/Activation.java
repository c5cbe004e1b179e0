package io.github.ptq4vm.network;

/** Elementwise function an operation applies to its result. */
public enum Activation {
  /** Identity. */
  NONE,
  /** {@code x / (1 + exp(-x))}. */
  SILU,
  /** {@code x/2 * (1 + erf(x / sqrt(2)))}, exact, not the approximation by a hyperbolic tangent. */
  GELU,
  /** {@code 1 / (1 + exp(-x))}. */
  SIGMOID
}
