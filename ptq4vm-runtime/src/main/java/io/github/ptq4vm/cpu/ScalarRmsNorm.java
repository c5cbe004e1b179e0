package io.github.ptq4vm.cpu;

/**
 * Root mean square norm; the sum of squares is taken in {@link PartialSums}.
 *
 * @param weight gains, one a channel
 * @param eps added to the mean square
 */
record ScalarRmsNorm(float[] weight, float eps) implements CpuKernels.Norm {

  @Override
  public void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
    int channels = x.columns();
    float[] in = x.data();
    float[] out = y.data();
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      int yAt = y.at(t);
      float factor = factor(PartialSums.squares(in, xAt, channels, 0f), channels, eps);
      for (int c = 0; c < channels; c++) {
        out[yAt + c] = in[xAt + c] * factor * weight[c];
      }
    }
  }

  /** What a row is multiplied by, from its sum of squares. */
  static float factor(float squares, int channels, float eps) {
    return (float) (1 / Math.sqrt(squares / channels + eps));
  }
}
