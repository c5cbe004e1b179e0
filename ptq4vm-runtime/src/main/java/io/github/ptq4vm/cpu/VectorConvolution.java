package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Causal depthwise convolution with the sums and roundings of {@link ScalarConvolution}. */
final class VectorConvolution implements CpuKernels.Convolution {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

  private final float[] taps;
  private final float[] bias;
  private final int channels;
  private final int width;
  private final Activation activation;

  VectorConvolution(float[] weight, float[] bias, int channels, int width, Activation activation) {
    this.taps = new float[weight.length];
    for (int c = 0; c < channels; c++) {
      for (int j = 0; j < width; j++) {
        taps[j * channels + c] = weight[c * width + j];
      }
    }
    this.bias = bias;
    this.channels = channels;
    this.width = width;
    this.activation = activation;
  }

  @Override
  public void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
    float[] in = x.data();
    float[] sums = scratch.floats(0, channels);
    for (int t = from; t < to; t++) {
      int firstTap = Math.max(0, width - 1 - t);
      int oldest = x.at(t - (width - 1) + firstTap);
      int c = 0;
      for (; c + VectorMath.LANES <= channels; c += VectorMath.LANES) {
        FloatVector sum = FloatVector.fromArray(SPECIES, bias, c);
        int row = oldest + c;
        for (int j = firstTap; j < width; j++, row += x.stride()) {
          sum =
              FloatVector.fromArray(SPECIES, in, row)
                  .fma(FloatVector.fromArray(SPECIES, taps, j * channels + c), sum);
        }
        sum.intoArray(sums, c);
      }
      for (; c < channels; c++) {
        float sum = bias[c];
        int row = oldest + c;
        for (int j = firstTap; j < width; j++, row += x.stride()) {
          sum = Math.fma(taps[j * channels + c], in[row], sum);
        }
        sums[c] = sum;
      }
      VectorActivation.apply(activation, sums, 0, y.data(), y.at(t), channels);
    }
  }
}
