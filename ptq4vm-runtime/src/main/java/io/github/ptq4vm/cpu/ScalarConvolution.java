package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import org.jspecify.annotations.Nullable;

/** Causal depthwise convolution: the bias first, then the taps from the oldest to the current. */
final class ScalarConvolution implements CpuKernels.Convolution {
  private final float[][] taps;
  private final float[] bias;
  private final int channels;
  private final int width;
  private final Activation activation;

  ScalarConvolution(float[] weight, float[] bias, int channels, int width, Activation activation) {
    this.taps = ScalarKernels.transpose(weight, channels, width);
    this.bias = bias;
    this.channels = channels;
    this.width = width;
    this.activation = activation;
  }

  @Override
  public void apply(
      Matrix x, int @Nullable [] inputRows, Matrix y, int from, int to, Scratch scratch) {
    float[] sum = scratch.floats(0, channels);
    float[] row = scratch.floats(1, channels);
    for (int t = from; t < to; t++) {
      System.arraycopy(bias, 0, sum, 0, channels);
      for (int j = Math.max(0, width - 1 - t); j < width; j++) {
        int token = t - (width - 1) + j;
        int at = x.at(inputRows == null ? token : inputRows[token]);
        System.arraycopy(x.data(), at, row, 0, channels);
        float[] tap = taps[j];
        for (int c = 0; c < channels; c++) {
          sum[c] = Math.fma(tap[c], row[c], sum[c]);
        }
      }
      ScalarActivation.apply(activation, sum, channels);
      System.arraycopy(sum, 0, y.data(), y.at(t), channels);
    }
  }
}
