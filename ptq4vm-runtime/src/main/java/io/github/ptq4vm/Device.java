package io.github.ptq4vm;

/** Where a model runs. */
public enum Device {
  /** An NVIDIA GPU if there is a usable one, else the processor. */
  AUTO,
  /** The processor. */
  CPU,
  /** The first NVIDIA GPU. */
  CUDA
}
