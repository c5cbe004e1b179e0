package io.github.ptq4vm.cpu;

/**
 * Adds a table to a value.
 *
 * @param table row-major, of the value's shape
 */
record AddTableStep(float[] table, int input, int output) implements Step {

  @Override
  public void run(Workspace workspace, Team team) {
    Matrix x = workspace.value(input);
    Matrix y = workspace.value(output);
    int columns = x.columns();
    for (int t = 0; t < x.rows(); t++) {
      for (int c = 0; c < columns; c++) {
        y.data()[y.at(t) + c] = x.data()[x.at(t) + c] + table[t * columns + c];
      }
    }
  }
}
