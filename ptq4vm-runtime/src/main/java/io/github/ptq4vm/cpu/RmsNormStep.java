package io.github.ptq4vm.cpu;

/**
 * Root mean square norm. The sum of squares is eight partial sums, channel c in sum {@code c mod
 * 8}, that are added in pairs: the same on every provider, and without a chain of dependent
 * additions.
 *
 * @param weight gains, one a channel
 * @param eps added to the mean square
 */
record RmsNormStep(float[] weight, float eps, int input, int output) implements Step {

  @Override
  public void run(Workspace workspace, Team team) {
    Matrix x = workspace.value(input);
    Matrix y = workspace.value(output);
    Split split = Split.rows(x);
    team.forEach(
        split.parts(), (part, member) -> normalize(x, y, split.from(part), split.to(part)));
  }

  private void normalize(Matrix x, Matrix y, int from, int to) {
    int channels = x.columns();
    float[] in = x.data();
    float[] out = y.data();
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      int yAt = y.at(t);
      float mean = sumOfSquares(in, xAt, channels) / channels;
      float factor = (float) (1 / Math.sqrt(mean + eps));
      for (int c = 0; c < channels; c++) {
        out[yAt + c] = in[xAt + c] * factor * weight[c];
      }
    }
  }

  static float sumOfSquares(float[] x, int at, int channels) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int end = at + channels;
    int i = at;
    for (; i + 8 <= end; i += 8) {
      s0 = Math.fma(x[i], x[i], s0);
      s1 = Math.fma(x[i + 1], x[i + 1], s1);
      s2 = Math.fma(x[i + 2], x[i + 2], s2);
      s3 = Math.fma(x[i + 3], x[i + 3], s3);
      s4 = Math.fma(x[i + 4], x[i + 4], s4);
      s5 = Math.fma(x[i + 5], x[i + 5], s5);
      s6 = Math.fma(x[i + 6], x[i + 6], s6);
      s7 = Math.fma(x[i + 7], x[i + 7], s7);
    }
    // What is left over goes to the first sum.
    for (; i < end; i++) {
      s0 = Math.fma(x[i], x[i], s0);
    }
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }
}
