package io.github.ptq4vm.network;

/** Elementwise function an operation applies to its result. */
public enum Activation {
  /** Identity. */
  NONE,
  /** {@code x / (1 + exp(-x))}. */
  SILU
}
