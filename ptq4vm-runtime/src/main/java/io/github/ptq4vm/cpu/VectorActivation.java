package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;

/** Elementwise functions on rows, vector by vector. */
final class VectorActivation {
  private static final int LANES = VectorMath.LANES;

  private VectorActivation() {}

  /** Computes {@code count} floats of y from those of x; they must not overlap. */
  static void apply(Activation activation, float[] x, int xAt, float[] y, int yAt, int count) {
    switch (activation) {
      case NONE:
        System.arraycopy(x, xAt, y, yAt, count);
        break;
      case SILU:
        silu(x, xAt, y, yAt, count);
        break;
      case GELU:
        gelu(x, xAt, y, yAt, count);
        break;
      case SIGMOID:
        sigmoid(x, xAt, y, yAt, count);
        break;
    }
  }

  private static void silu(float[] x, int xAt, float[] y, int yAt, int count) {
    int whole = count / LANES * LANES;
    VectorMath.silu(x, xAt, y, yAt, whole);
    for (int i = whole; i < count; i++) {
      y[yAt + i] = Elementary.silu(x[xAt + i]);
    }
  }

  private static void gelu(float[] x, int xAt, float[] y, int yAt, int count) {
    int whole = count / LANES * LANES;
    VectorMath.gelu(x, xAt, y, yAt, whole);
    for (int i = whole; i < count; i++) {
      y[yAt + i] = Elementary.gelu(x[xAt + i]);
    }
  }

  private static void sigmoid(float[] x, int xAt, float[] y, int yAt, int count) {
    int whole = count / LANES * LANES;
    VectorMath.sigmoid(x, xAt, y, yAt, whole);
    for (int i = whole; i < count; i++) {
      y[yAt + i] = Elementary.sigmoid(x[xAt + i]);
    }
  }
}
