package io.github.ptq4vm.network;

/** Orthogonal transform of the input channels in front of a quantized linear's smoothing. */
public enum Rotation {
  /** The input is quantized as it is. */
  NONE
}
