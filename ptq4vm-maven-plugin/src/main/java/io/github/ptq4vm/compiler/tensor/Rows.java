package io.github.ptq4vm.compiler.tensor;

import java.util.Arrays;

/** What is done to whole rows, the tokens of a batch: moves, tables, means, factors, rotations. */
final class Rows {
  private final Parallel parallel;

  Rows(Parallel parallel) {
    this.parallel = parallel;
  }

  /** Adds {@code bias} to every row. */
  void addBias(int rows, int channels, float[] bias, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            for (int c = 0; c < channels; c++) {
              y[row * channels + c] += bias[c];
            }
          }
        });
  }

  /** Adds a table of {@code tokens} rows to every image. */
  void addTable(int rows, int tokens, int channels, float[] table, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int t = row % tokens * channels;
            for (int c = 0; c < channels; c++) {
              y[row * channels + c] = x[row * channels + c] + table[t + c];
            }
          }
        });
  }

  /** Copies channels {@code from} to {@code from + width} of every row. */
  void takeChannels(int rows, int channels, int from, int width, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, first, last) -> {
          for (int row = first; row < last; row++) {
            System.arraycopy(x, row * channels + from, y, row * width, width);
          }
        });
  }

  /** Adds {@code width} channels to channels {@code from} onwards of every row of {@code y}. */
  void addToChannels(int rows, int channels, int from, int width, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, first, last) -> {
          for (int row = first; row < last; row++) {
            for (int c = 0; c < width; c++) {
              y[row * channels + from + c] += x[row * width + c];
            }
          }
        });
  }

  /** Row i of each image becomes its row {@code source[i]}, or zeros where that is -1. */
  void move(int images, int sourceRows, int[] source, int channels, float[] x, float[] y) {
    parallel.forRange(
        images * source.length,
        (part, first, last) -> {
          for (int row = first; row < last; row++) {
            int from = source[row % source.length];
            int to = row * channels;
            if (from < 0) {
              Arrays.fill(y, to, to + channels, 0f);
            } else {
              int image = row / source.length;
              System.arraycopy(x, (image * sourceRows + from) * channels, y, to, channels);
            }
          }
        });
  }

  /** {@code y[0][c] = mean over the tokens of an image of x[t][c]}. */
  void mean(int images, int tokens, int channels, float[] x, float[] y) {
    parallel.forRange(
        images,
        (part, first, last) -> {
          double[] sums = new double[channels];
          for (int image = first; image < last; image++) {
            Arrays.fill(sums, 0);
            for (int t = 0; t < tokens; t++) {
              add(x, (image * tokens + t) * channels, sums);
            }
            for (int c = 0; c < channels; c++) {
              y[image * channels + c] = (float) (sums[c] / tokens);
            }
          }
        });
  }

  private static void add(float[] x, int start, double[] sums) {
    for (int c = 0; c < sums.length; c++) {
      sums[c] += x[start + c];
    }
  }

  /** Gradient of {@link #mean}. */
  void meanGradient(int images, int tokens, int channels, float[] gy, float[] gx) {
    parallel.forRange(
        images * tokens,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int image = row / tokens * channels;
            for (int c = 0; c < channels; c++) {
              gx[row * channels + c] = gy[image + c] / tokens;
            }
          }
        });
  }

  /** {@code y[t][c] = x[t][c] * factors[0][c]}, the factors being those of the token's image. */
  void scale(int images, int tokens, int channels, float[] x, float[] factors, float[] y) {
    parallel.forRange(
        images * tokens,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int image = row / tokens * channels;
            for (int c = 0; c < channels; c++) {
              y[row * channels + c] = x[row * channels + c] * factors[image + c];
            }
          }
        });
  }

  /** Gradient of the factors of {@link #scale}; that of x is {@link #scale} once more. */
  void scaleGradient(int images, int tokens, int channels, float[] x, float[] gy, float[] gf) {
    parallel.forRange(
        images,
        (part, first, last) -> {
          double[] sums = new double[channels];
          for (int image = first; image < last; image++) {
            Arrays.fill(sums, 0);
            for (int t = 0; t < tokens; t++) {
              addProducts(x, gy, (image * tokens + t) * channels, sums);
            }
            for (int c = 0; c < channels; c++) {
              gf[image * channels + c] = (float) sums[c];
            }
          }
        });
  }

  private static void addProducts(float[] x, float[] g, int start, double[] sums) {
    for (int c = 0; c < sums.length; c++) {
      sums[c] += (double) x[start + c] * g[start + c];
    }
  }

  /**
   * Rotates pairs of channels, {@link io.github.ptq4vm.network.TokenOperation.RotatePairs}.
   *
   * @param cos {@code tokens * channels}
   * @param sin {@code tokens * channels}
   */
  void rotate(int rows, int channels, float[] cos, float[] sin, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int i = row * channels;
            int table = i % cos.length;
            for (int c = 0; c < channels; c += 2, i += 2, table += 2) {
              y[i] = x[i] * cos[table] - x[i + 1] * sin[table];
              y[i + 1] = x[i + 1] * cos[table + 1] + x[i] * sin[table + 1];
            }
          }
        });
  }

  /** Gradient of {@link #rotate}: its transpose. */
  void rotateGradient(int rows, int channels, float[] cos, float[] sin, float[] gy, float[] gx) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int i = row * channels;
            int table = i % cos.length;
            for (int c = 0; c < channels; c += 2, i += 2, table += 2) {
              gx[i] = gy[i] * cos[table] + gy[i + 1] * sin[table + 1];
              gx[i + 1] = gy[i + 1] * cos[table + 1] - gy[i] * sin[table];
            }
          }
        });
  }
}
