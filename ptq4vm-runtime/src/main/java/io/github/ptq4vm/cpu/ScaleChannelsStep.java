package io.github.ptq4vm.cpu;

/**
 * Multiplies each channel by a factor that is the same for all tokens.
 *
 * @param factors number of a value of one row
 */
record ScaleChannelsStep(int input, int factors, int output) implements RangeStep.Range {

  @Override
  public void run(Memory memory, int from, int to) {
    Matrix x = memory.value(input);
    Matrix factor = memory.value(factors);
    Matrix y = memory.value(output);
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
