package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import org.jspecify.annotations.Nullable;

/** Depthwise convolution on a grid: the bias first, then the taps by kernel row and column. */
final class ScalarDepthwise implements CpuKernels.Convolution {
  private final float[][] taps;
  private final float[] bias;
  private final int channels;
  private final GridWindow window;
  private final Activation activation;

  ScalarDepthwise(
      float[] weight,
      float @Nullable [] bias,
      int channels,
      GridWindow window,
      Activation activation) {
    this.taps = ScalarKernels.transpose(weight, channels, window.area());
    this.bias = bias == null ? new float[channels] : bias;
    this.channels = channels;
    this.window = window;
    this.activation = activation;
  }

  @Override
  public void apply(
      Matrix x, int @Nullable [] inputRows, Matrix y, int from, int to, Scratch scratch) {
    float[] sum = scratch.floats(0, channels);
    float[] row = scratch.floats(1, channels);
    int[] places = scratch.ints(0, window.area());
    int[] tokens = scratch.ints(1, window.area());
    for (int t = from; t < to; t++) {
      System.arraycopy(bias, 0, sum, 0, channels);
      int count = window.inside(t, places, tokens);
      for (int i = 0; i < count; i++) {
        int at = x.at(inputRows == null ? tokens[i] : inputRows[tokens[i]]);
        System.arraycopy(x.data(), at, row, 0, channels);
        float[] tap = taps[places[i]];
        for (int c = 0; c < channels; c++) {
          sum[c] = Math.fma(tap[c], row[c], sum[c]);
        }
      }
      ScalarActivation.apply(activation, sum, channels);
      System.arraycopy(sum, 0, y.data(), y.at(t), channels);
    }
  }
}
