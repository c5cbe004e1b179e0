package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import org.jspecify.annotations.Nullable;

/** Causal depthwise convolution with the sums and roundings of {@link ScalarConvolution}. */
final class VectorConvolution implements CpuKernels.Convolution {
  private final float[] taps;
  private final float[] bias;
  private final int channels;
  private final int width;
  private final Activation activation;

  VectorConvolution(float[] weight, float[] bias, int channels, int width, Activation activation) {
    this.taps = VectorTaps.byTap(weight, channels, width);
    this.bias = bias;
    this.channels = channels;
    this.width = width;
    this.activation = activation;
  }

  @Override
  public void apply(
      Matrix x, int @Nullable [] inputRows, Matrix y, int from, int to, Scratch scratch) {
    float[] sums = scratch.floats(0, channels);
    int[] rows = scratch.ints(0, width);
    int[] weights = scratch.ints(1, width);
    for (int t = from; t < to; t++) {
      int count = Math.min(width, t + 1);
      for (int i = 0; i < count; i++) {
        int token = t - count + 1 + i;
        rows[i] = x.at(inputRows == null ? token : inputRows[token]);
        weights[i] = (width - count + i) * channels;
      }
      VectorTaps.sum(bias, x.data(), rows, taps, weights, count, sums, channels);
      VectorActivation.apply(activation, sums, 0, y.data(), y.at(t), channels);
    }
  }
}
