package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Depthwise convolution on a grid with the sums and roundings of {@link ScalarDepthwise}. */
final class VectorDepthwise implements CpuKernels.Convolution {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

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
    int area = window.area();
    this.taps = new float[weight.length];
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < area; i++) {
        taps[i * channels + c] = weight[c * area + i];
      }
    }
    this.bias = bias == null ? new float[channels] : bias;
    this.channels = channels;
    this.window = window;
    this.activation = activation;
  }

  @Override
  public void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
    float[] sums = scratch.floats(0, channels);
    int[] weights = scratch.ints(0, window.area());
    int[] rows = scratch.ints(1, window.area());
    for (int t = from; t < to; t++) {
      int count = window.inside(t, weights, rows);
      for (int i = 0; i < count; i++) {
        weights[i] *= channels;
        rows[i] = x.at(rows[i]);
      }
      int c = 0;
      for (; c + LANES <= channels; c += LANES) {
        sum(x.data(), rows, weights, count, c, sums);
      }
      for (; c < channels; c++) {
        float sum = bias[c];
        for (int i = 0; i < count; i++) {
          sum = Math.fma(taps[weights[i] + c], x.data()[rows[i] + c], sum);
        }
        sums[c] = sum;
      }
      VectorActivation.apply(activation, sums, 0, y.data(), y.at(t), channels);
    }
  }

  /** One vector of channels. */
  private void sum(float[] x, int[] rows, int[] weights, int count, int channel, float[] sums) {
    FloatVector sum = FloatVector.fromArray(SPECIES, bias, channel);
    for (int i = 0; i < count; i++) {
      sum =
          FloatVector.fromArray(SPECIES, x, rows[i] + channel)
              .fma(FloatVector.fromArray(SPECIES, taps, weights[i] + channel), sum);
    }
    sum.intoArray(sums, channel);
  }
}
