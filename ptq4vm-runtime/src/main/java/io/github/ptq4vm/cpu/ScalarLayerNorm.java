package io.github.ptq4vm.cpu;

/**
 * Layer norm: first the mean, then the mean of the squared differences from it, both in {@link
 * PartialSums}.
 *
 * @param weight gains, one a channel
 * @param bias one a channel
 * @param eps added to the variance
 */
record ScalarLayerNorm(float[] weight, float[] bias, float eps) implements CpuKernels.Norm {

  @Override
  public void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
    int channels = x.columns();
    float[] in = x.data();
    float[] out = y.data();
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      int yAt = y.at(t);
      float mean = PartialSums.sum(in, xAt, channels) / channels;
      float squares = PartialSums.squares(in, xAt, channels, mean);
      float factor = ScalarRmsNorm.factor(squares, channels, eps);
      for (int c = 0; c < channels; c++) {
        out[yAt + c] = Math.fma((in[xAt + c] - mean) * factor, weight[c], bias[c]);
      }
    }
  }
}
