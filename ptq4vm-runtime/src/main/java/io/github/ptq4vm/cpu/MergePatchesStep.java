package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.GridOperation;
import java.util.Arrays;

/** Puts the four tokens of each 2 x 2 square side by side; zeros beyond an odd edge. */
record MergePatchesStep(GridOperation.MergePatches operation, int input, int output)
    implements RangeStep.Range {

  @Override
  public void run(Memory memory, int from, int to) {
    Matrix x = memory.value(input);
    Matrix y = memory.value(output);
    for (int t = from; t < to; t++) {
      merge(x, y, t);
    }
  }

  private void merge(Matrix x, Matrix y, int token) {
    int channels = operation.channels();
    int top = token / operation.outWidth() * 2;
    int left = token % operation.outWidth() * 2;
    for (int quarter = 0; quarter < 4; quarter++) {
      // Down first, then to the right.
      int row = top + quarter % 2;
      int column = left + quarter / 2;
      int at = y.at(token) + quarter * channels;
      if (row < operation.height() && column < operation.width()) {
        int from = x.at(row * operation.width() + column);
        System.arraycopy(x.data(), from, y.data(), at, channels);
      } else {
        Arrays.fill(y.data(), at, at + channels, 0f);
      }
    }
  }
}
