package io.github.ptq4vm.network;

/** Where a quantized linear gets the step size and zero point of its input from. */
public enum ActivationScale {
  /**
   * One step size and zero point for each token position, calibrated at build time and shared by
   * all images and channels (PTS, the paper's section on per-token static quantization).
   */
  STATIC_PER_TOKEN,

  /**
   * Step size and zero point of each token of each image from that token's own smallest and largest
   * value when it is computed. Costs a look at the whole token before it is quantized.
   */
  DYNAMIC_PER_TOKEN
}
