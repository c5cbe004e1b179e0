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
        for (int i = 0; i < count; i++) {
          row[i] = Elementary.silu(row[i]);
        }
        break;
      case GELU:
        for (int i = 0; i < count; i++) {
          row[i] = Elementary.gelu(row[i]);
        }
        break;
      case SIGMOID:
        for (int i = 0; i < count; i++) {
          row[i] = Elementary.sigmoid(row[i]);
        }
        break;
    }
  }
}
