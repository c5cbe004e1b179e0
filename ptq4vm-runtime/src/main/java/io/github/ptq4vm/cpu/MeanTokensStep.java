package io.github.ptq4vm.cpu;

import java.util.Arrays;

/** The mean over tokens, summed in double in their order; its units are groups of channels. */
record MeanTokensStep(int input, int output) implements RangeStep.Range {
  /** Channels of a group. */
  static final int CHANNELS = 64;

  @Override
  public void run(Memory memory, int from, int to) {
    Matrix x = memory.value(input);
    int end = Math.min(x.columns(), to * CHANNELS);
    mean(x, memory.value(output), from * CHANNELS, end, memory.scratch());
  }

  private static void mean(Matrix x, Matrix y, int from, int to, Scratch scratch) {
    double[] sums = scratch.doubles(to - from);
    Arrays.fill(sums, 0, to - from, 0);
    float[] in = x.data();
    for (int t = 0; t < x.rows(); t++) {
      int at = x.at(t) + from;
      for (int c = 0; c < to - from; c++) {
        sums[c] += in[at + c];
      }
    }
    for (int c = 0; c < to - from; c++) {
      y.data()[y.at(0) + from + c] = (float) (sums[c] / x.rows());
    }
  }
}
