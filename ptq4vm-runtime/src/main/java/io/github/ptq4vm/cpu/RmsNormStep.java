package io.github.ptq4vm.cpu;

/**
 * Root mean square norm; the sum of squares is taken in {@link PartialSums}.
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
      float mean = PartialSums.squares(in, xAt, channels, 0f) / channels;
      float factor = (float) (1 / Math.sqrt(mean + eps));
      for (int c = 0; c < channels; c++) {
        out[yAt + c] = in[xAt + c] * factor * weight[c];
      }
    }
  }
}
