package io.github.ptq4vm.network;

/** Orthogonal transform of the input channels in front of a quantized linear's smoothing. */
public enum Rotation {
  /** The input is quantized as it is. */
  NONE,

  /**
   * A Hadamard transform behind fixed signs, which spreads what is large in one channel over all;
   * see {@link ChannelRotation}. The weight holds its inverse.
   */
  HADAMARD
}
