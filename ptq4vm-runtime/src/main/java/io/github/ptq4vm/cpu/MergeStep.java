package io.github.ptq4vm.cpu;

/** {@code factor} times the sum of values, added in the order given, then scaled. */
record MergeStep(int[] inputs, float factor, int output) implements Step {

  @Override
  public void run(Workspace workspace, Team team) {
    Matrix y = workspace.value(output);
    Split split = Split.rows(y);
    team.forEach(
        split.parts(),
        (part, member) -> {
          for (int t = split.from(part); t < split.to(part); t++) {
            row(workspace, y, t);
          }
        });
  }

  private void row(Workspace workspace, Matrix y, int t) {
    Matrix first = workspace.value(inputs[0]);
    int columns = y.columns();
    float[] sum = y.data();
    int at = y.at(t);
    System.arraycopy(first.data(), first.at(t), sum, at, columns);
    for (int i = 1; i < inputs.length; i++) {
      Matrix x = workspace.value(inputs[i]);
      float[] data = x.data();
      int xAt = x.at(t);
      for (int c = 0; c < columns; c++) {
        sum[at + c] += data[xAt + c];
      }
    }
    if (factor != 1f) {
      for (int c = at; c < at + columns; c++) {
        sum[c] *= factor;
      }
    }
  }
}
