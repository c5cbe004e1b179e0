package io.github.ptq4vm.cpu;

/**
 * Multiplies each channel by a factor that is the same for all tokens.
 *
 * @param factors number of a value of one row
 */
record ScaleChannelsStep(int input, int factors, int output) implements Step {

  @Override
  public void run(Workspace workspace, Team team) {
    Matrix x = workspace.value(input);
    Matrix factor = workspace.value(factors);
    Matrix y = workspace.value(output);
    Split split = Split.rows(y);
    team.forEach(
        split.parts(), (part, member) -> scale(x, factor, y, split.from(part), split.to(part)));
  }

  private static void scale(Matrix x, Matrix factor, Matrix y, int from, int to) {
    int factorAt = factor.at(0);
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      int yAt = y.at(t);
      for (int c = 0; c < y.columns(); c++) {
        y.data()[yAt + c] = x.data()[xAt + c] * factor.data()[factorAt + c];
      }
    }
  }
}
