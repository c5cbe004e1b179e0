package io.github.ptq4vm.cpu;

/** The mean over tokens, summed in double in their order. */
record MeanTokensStep(int input, int output) implements Step {
  /** Channels that one part of the work sums. */
  private static final int CHANNELS = 64;

  @Override
  public void run(Workspace workspace, Team team) {
    Matrix x = workspace.value(input);
    Matrix y = workspace.value(output);
    Split split = new Split(x.columns(), CHANNELS);
    team.forEach(split.parts(), (part, member) -> mean(x, y, split.from(part), split.to(part)));
  }

  private static void mean(Matrix x, Matrix y, int from, int to) {
    double[] sums = new double[to - from];
    float[] in = x.data();
    for (int t = 0; t < x.rows(); t++) {
      int at = x.at(t) + from;
      for (int c = 0; c < sums.length; c++) {
        sums[c] += in[at + c];
      }
    }
    for (int c = 0; c < sums.length; c++) {
      y.data()[y.at(0) + from + c] = (float) (sums[c] / x.rows());
    }
  }
}
