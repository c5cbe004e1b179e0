package io.github.ptq4vm.compiler.quantize;

/**
 * Smoothing factors of spec ptq4vm.md 3.2: {@code A^alpha / w^(1-alpha)} of the largest magnitudes
 * of each input channel's activations and weights.
 */
public final class Smoothing {
  private static final float SMALLEST_ACTIVATION = 1e-3f;
  private static final float SMALLEST = 1e-5f;

  private Smoothing() {}

  /**
   * Smoothing factors.
   *
   * @param input {@code rows * channels} activations
   * @param weight {@code outputs * channels} weights
   */
  public static float[] factors(float[] input, float[] weight, int channels, double alpha) {
    float[] activations = largest(input, channels);
    float[] weights = largest(weight, channels);
    float[] factors = new float[channels];
    for (int c = 0; c < channels; c++) {
      double a = Math.pow(Math.max(activations[c], SMALLEST_ACTIVATION), alpha);
      double w = Math.pow(Math.max(weights[c], SMALLEST), 1 - alpha);
      factors[c] = Math.max((float) (a / w), SMALLEST);
    }
    return factors;
  }

  /** What inputs are multiplied by: the reciprocal of each factor. */
  public static float[] reciprocal(float[] factors) {
    float[] reciprocal = new float[factors.length];
    for (int c = 0; c < reciprocal.length; c++) {
      reciprocal[c] = 1f / factors[c];
    }
    return reciprocal;
  }

  /** A weight times its channels' smoothing factors, as its codes are made from. */
  static float[] weight(float[] weight, float[] smoothing) {
    float[] smoothed = new float[weight.length];
    for (int i = 0; i < weight.length; i++) {
      smoothed[i] = weight[i] * smoothing[i % smoothing.length];
    }
    return smoothed;
  }

  private static float[] largest(float[] values, int channels) {
    float[] largest = new float[channels];
    for (int i = 0; i < values.length; i += channels) {
      for (int c = 0; c < channels; c++) {
        largest[c] = Math.max(largest[c], Math.abs(values[i + c]));
      }
    }
    return largest;
  }
}
