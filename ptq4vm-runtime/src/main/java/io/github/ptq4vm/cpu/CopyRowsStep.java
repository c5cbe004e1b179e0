package io.github.ptq4vm.cpu;

/**
 * Copies rows in another order: scan orders and the class token.
 *
 * @param sources input row of each output row, or -1
 * @param filler the row that stands where the source is -1
 */
record CopyRowsStep(int[] sources, float[] filler, int input, int output)
    implements RangeStep.Range {

  @Override
  public void run(Memory memory, int from, int to) {
    Matrix x = memory.value(input);
    Matrix y = memory.value(output);
    for (int t = from; t < to; t++) {
      int source = sources[t];
      if (source < 0) {
        System.arraycopy(filler, 0, y.data(), y.at(t), y.columns());
      } else {
        System.arraycopy(x.data(), x.at(source), y.data(), y.at(t), y.columns());
      }
    }
  }
}
