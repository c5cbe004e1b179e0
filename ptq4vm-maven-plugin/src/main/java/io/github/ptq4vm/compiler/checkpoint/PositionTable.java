package io.github.ptq4vm.compiler.checkpoint;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A learned table of positions, {@code [1, tokens, channels]}, and its resizing to another grid:
 * bicubic as PyTorch's {@code interpolate} does it (a = -0.75, corners not aligned, no
 * antialiasing). The row of a class token stands in the middle; it is kept out and put into the new
 * middle. Source: spec architectures.md 2.5.
 */
final class PositionTable {
  static final String KEY = "pos_embed";

  private static final double A = -0.75;
  private static final int TAPS = 4;

  private PositionTable() {}

  /** The table for a grid, from that of the checkpoint. */
  static Source source(PatchGrid.Fit fit, int channels, boolean classToken) {
    int token = classToken ? 1 : 0;
    int trained = fit.trained();
    List<Integer> shape = List.of(1, trained * trained + token, channels);
    return new Source(
        KEY,
        shape,
        fit.isResized()
            ? table -> resize(table, channels, trained, fit.height(), fit.width(), classToken)
            : UnaryOperator.identity());
  }

  /**
   * Resizes a table.
   *
   * @param table of a square grid of that side, row-major, each position {@code channels} floats,
   *     and in the middle perhaps a class token
   * @return the table of {@code height * width} positions and perhaps a class token
   */
  static float[] resize(
      float[] table, int channels, int side, int height, int width, boolean classToken) {
    int token = classToken ? 1 : 0;
    int patches = Math.multiplyExact(height, width);
    float[] result = new float[Math.multiplyExact(patches + token, channels)];
    int oldMiddle = classToken ? side * side / 2 : Integer.MAX_VALUE;
    int newMiddle = classToken ? patches / 2 : Integer.MAX_VALUE;
    if (classToken) {
      System.arraycopy(table, oldMiddle * channels, result, newMiddle * channels, channels);
    }
    for (int row = 0; row < height; row++) {
      Taps down = Taps.at(row, side, height);
      for (int column = 0; column < width; column++) {
        Taps across = Taps.at(column, side, width);
        int position = row * width + column;
        int to = (position < newMiddle ? position : position + 1) * channels;
        for (int i = 0; i < TAPS; i++) {
          for (int j = 0; j < TAPS; j++) {
            int old = down.index[i] * side + across.index[j];
            int from = (old < oldMiddle ? old : old + 1) * channels;
            double weight = down.weight[i] * across.weight[j];
            for (int c = 0; c < channels; c++) {
              result[to + c] += (float) (weight * table[from + c]);
            }
          }
        }
      }
    }
    return result;
  }

  /** The four old positions along an axis that a new one is made of; edges repeat. */
  private record Taps(int[] index, double[] weight) {
    static Taps at(int position, int from, int to) {
      double at = (position + 0.5) * from / to - 0.5;
      double floor = Math.floor(at);
      double t = at - floor;
      int[] index = new int[TAPS];
      for (int i = 0; i < TAPS; i++) {
        index[i] = Math.max(0, Math.min(from - 1, (int) floor - 1 + i));
      }
      return new Taps(index, new double[] {far(t + 1), near(t), near(1 - t), far(2 - t)});
    }

    /** Weight of a neighbour at a distance of at most 1. */
    private static double near(double x) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }

    /** Weight of a neighbour at a distance between 1 and 2. */
    private static double far(double x) {
      return ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
    }
  }
}
