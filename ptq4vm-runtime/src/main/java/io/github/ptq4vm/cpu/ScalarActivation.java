package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;

/** Elementwise functions on rows, in loops that the JIT compiler vectorizes by itself. */
final class ScalarActivation {
  private ScalarActivation() {}

  /** Replaces the first {@code count} floats of a row by the function's values. */
  static void apply(Activation activation, float[] row, int count) {
    switch (activation) {
      case NONE:
        break;
      case SILU:
        silu(row, count);
        break;
      case GELU:
        gelu(row, count);
        break;
      case SIGMOID:
        sigmoid(row, count);
        break;
    }
  }

  // A method for each loop: compiled together, the large ones are not vectorized.

  private static void silu(float[] row, int count) {
    for (int i = 0; i < count; i++) {
      row[i] = Elementary.silu(row[i]);
    }
  }

  private static void gelu(float[] row, int count) {
    for (int i = 0; i < count; i++) {
      row[i] = Elementary.gelu(row[i]);
    }
  }

  private static void sigmoid(float[] row, int count) {
    for (int i = 0; i < count; i++) {
      row[i] = Elementary.sigmoid(row[i]);
    }
  }
}
