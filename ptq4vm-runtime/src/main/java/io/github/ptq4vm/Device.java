package io.github.ptq4vm;

/** Where a model runs. */
public enum Device {
  /** The first NVIDIA GPU if it is usable, else the processor. */
  AUTO,
  /** The processor. */
  CPU,
  /** The first NVIDIA GPU. */
  CUDA
}
