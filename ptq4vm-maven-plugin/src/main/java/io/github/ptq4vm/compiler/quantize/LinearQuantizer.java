package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;

/**
 * The quantizer of one linear (spec ptq4vm.md 1.3): the input is divided by the smoothing factors
 * and quantized with a step size and zero point for each token, the weight is multiplied by them
 * and quantized with a step size for each output.
 *
 * @param linear the float linear
 * @param precision bits and attributes
 * @param smoothing smoothing factors, one an input channel, positive
 * @param weightStep step sizes of the weight, one an output channel, positive
 * @param inputStep step sizes of the input, one a token, positive
 * @param zeroPoint zero points of the input, one a token, in {@code [0, activationLimit]}
 */
public record LinearQuantizer(
    Operation.Linear linear,
    Precision precision,
    float[] smoothing,
    float[] weightStep,
    float[] inputStep,
    int[] zeroPoint) {

  /** Smallest step size and smoothing factor. */
  public static final float SMALLEST = 1e-8f;

  /** Reciprocal smoothing factors: what the input is multiplied by. */
  public float[] reciprocalSmoothing() {
    float[] reciprocal = new float[smoothing.length];
    for (int c = 0; c < reciprocal.length; c++) {
      reciprocal[c] = 1f / smoothing[c];
    }
    return reciprocal;
  }
}
