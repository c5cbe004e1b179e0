package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import org.jspecify.annotations.Nullable;

/** Depthwise convolution on a grid with the sums and roundings of {@link ScalarDepthwise}. */
final class VectorDepthwise implements CpuKernels.Convolution {
  private final float[] taps;
  private final float[] bias;
  private final int channels;
  private final GridWindow window;
  private final Activation activation;

  VectorDepthwise(
      float[] weight,
      float @Nullable [] bias,
      int channels,
      GridWindow window,
      Activation activation) {
    this.taps = VectorTaps.byTap(weight, channels, window.area());
    this.bias = bias == null ? new float[channels] : bias;
    this.channels = channels;
    this.window = window;
    this.activation = activation;
  }

  @Override
  public void apply(
      Matrix x, int @Nullable [] inputRows, Matrix y, int from, int to, Scratch scratch) {
    float[] sums = scratch.floats(0, channels);
    int[] weights = scratch.ints(0, window.area());
    int[] rows = scratch.ints(1, window.area());
    for (int t = from; t < to; t++) {
      int count = window.inside(t, weights, rows);
      for (int i = 0; i < count; i++) {
        weights[i] *= channels;
        rows[i] = x.at(inputRows == null ? rows[i] : inputRows[rows[i]]);
      }
      VectorTaps.sum(bias, x.data(), rows, taps, weights, count, sums, channels);
      VectorActivation.apply(activation, sums, 0, y.data(), y.at(t), channels);
    }
  }
}
