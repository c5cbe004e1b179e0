package io.github.ptq4vm;

/** Where a model runs. */
public enum Device {
  /** The fastest device this machine has. */
  AUTO,
  /** The processor. */
  CPU
}
