package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.Panel;
import io.github.ptq4vm.compiler.tensor.Parallel;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The Cholesky factor L of a symmetric matrix of second moments, {@code A = L L^T}, in doubles.
 * Rows and columns are in order of increasing diagonals, and a share of the diagonal's mean is
 * added to it, so that channels that hardly move leave the matrix positive definite.
 */
final class Cholesky {
  /** Columns that are eliminated together: their rows stay in the cache while others use them. */
  private static final int BLOCK = 64;

  private final int size;
  private final int[] order;

  /** L below the diagonal and its transpose above, so that rows and columns are both contiguous. */
  private final double[] factor;

  private Cholesky(int size, int[] order, double[] factor) {
    this.size = size;
    this.order = order;
    this.factor = factor;
  }

  /**
   * Factors a matrix.
   *
   * @param matrix {@code size * size}, symmetric
   * @param damping share of the mean of the diagonal that is added to it
   * @throws IllegalStateException if it is not positive definite: it holds no numbers
   */
  static Cholesky of(Parallel parallel, double[] matrix, int size, double damping) {
    double added = added(matrix, size, damping);
    int[] order =
        IntStream.range(0, size)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingDouble(i -> matrix[i * size + i])
                    .thenComparing(Comparator.reverseOrder()))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] a = new double[matrix.length];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        a[i * size + j] = matrix[order[i] * size + order[j]];
      }
      a[i * size + i] += added;
    }
    for (int from = 0; from < size; from += BLOCK) {
      eliminate(parallel, a, size, from, Math.min(size, from + BLOCK));
    }
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        a[j * size + i] = a[i * size + j];
      }
    }
    return new Cholesky(size, order, a);
  }

  /** What is added to the diagonal of a matrix for a damping, as {@link #of} does. */
  static double added(double[] matrix, int size, double damping) {
    double trace = 0;
    for (int i = 0; i < size; i++) {
      trace += matrix[i * size + i];
    }
    // Inputs that are all zero say nothing: any multiple of the identity will do.
    return trace == 0 ? 1 : damping * trace / size;
  }

  /**
   * Columns {@code from} to {@code to} of L, and what they leave of the rows and columns beyond.
   */
  private static void eliminate(Parallel parallel, double[] a, int size, int from, int to) {
    for (int i = from; i < to; i++) {
      row(a, size, i, from, i);
      double pivot = a[i * size + i] - squares(a, i * size + from, i - from);
      if (!(pivot > 0)) {
        throw new IllegalStateException(
            "The inputs of a linear have second moments that are not positive definite (pivot "
                + pivot
                + "): they are not finite.");
      }
      a[i * size + i] = Math.sqrt(pivot);
    }
    int rest = size - to;
    double[] columns = new double[(to - from) * rest];
    parallel.forRange(
        rest,
        (part, first, last) -> {
          for (int n = first; n < last; n++) {
            row(a, size, to + n, from, to);
            for (int j = from; j < to; j++) {
              columns[(j - from) * rest + n] = a[(to + n) * size + j];
            }
          }
        });
    int blocks = (rest + BLOCK - 1) / BLOCK;
    parallel.forRange(
        blocks,
        (part, first, last) -> {
          for (int n = first; n < last; n++) {
            // Long and short rows in turn, so that all threads have as much to do.
            int block = n % 2 == 0 ? n / 2 : blocks - 1 - n / 2;
            int low = to + block * BLOCK;
            int high = Math.min(size, low + BLOCK);
            // A little beyond the diagonal, where L's transpose will be.
            Panel.subtract(
                new Panel.View(a, low * size + to, size),
                new Panel.View(a, low * size + from, size),
                new Panel.View(columns, 0, rest),
                high - low,
                to - from,
                high - to);
          }
        });
  }

  /** Row i of L in the columns {@code from} to {@code to}, whose own rows are known. */
  private static void row(double[] a, int size, int i, int from, int to) {
    for (int j = from; j < to; j++) {
      double sum = a[i * size + j];
      for (int k = from; k < j; k++) {
        sum -= a[i * size + k] * a[j * size + k];
      }
      a[i * size + j] = sum / a[j * size + j];
    }
  }

  private static double squares(double[] a, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += a[i] * a[i];
    }
    return sum;
  }

  /**
   * Solves {@code A X = B}, A being damped.
   *
   * @param b {@code size} rows of {@code columns}; overwritten with X
   */
  void solve(Parallel parallel, double[] b, int columns) {
    forStrips(
        parallel,
        columns,
        (first, width) -> {
          double[] x = new double[size * width];
          for (int i = 0; i < size; i++) {
            System.arraycopy(b, order[i] * columns + first, x, i * width, width);
          }
          // Row after row, but what a block of rows owes to rows outside it in one product.
          for (int from = 0; from < size; from += BLOCK) {
            int to = Math.min(size, from + BLOCK);
            subtract(x, from, to, x, 0, from, width);
            for (int i = from; i < to; i++) {
              subtract(x, i, i + 1, x, from, i, width);
              divide(x, i * width, width, factor[i * size + i]);
            }
          }
          for (int to = size; to > 0; to -= (to - 1) % BLOCK + 1) {
            int from = to - ((to - 1) % BLOCK + 1);
            subtract(x, from, to, x, to, size, width);
            for (int i = to - 1; i >= from; i--) {
              subtract(x, i, i + 1, x, i + 1, to, width);
              divide(x, i * width, width, factor[i * size + i]);
            }
          }
          for (int i = 0; i < size; i++) {
            System.arraycopy(x, i * width, b, order[i] * columns + first, width);
          }
        });
  }

  private static void divide(double[] values, int at, int count, double divisor) {
    for (int i = at; i < at + count; i++) {
      values[i] /= divisor;
    }
  }

  /**
   * {@code target[i] -= sum over j of factor[i][j] * rows[j]}, i being {@code from} to {@code to}
   * and j {@code first} to {@code last}: columns of L for j beyond i, rows of it for those before.
   */
  private void subtract(
      double[] target, int from, int to, double[] rows, int first, int last, int width) {
    if (last > first) {
      Panel.subtract(
          new Panel.View(target, from * width, width),
          new Panel.View(factor, from * size + first, size),
          new Panel.View(rows, first * width, width),
          to - from,
          last - first,
          width);
    }
  }

  /** Rounds one element. */
  interface Rounding {
    /**
     * Rounds.
     *
     * @param wanted what to round instead of the element to make up for the errors made so far
     * @return the error this leaves: the element less what it was rounded to
     */
    double round(int row, int column, double wanted);
  }

  /**
   * Rounds the elements of a matrix W of {@code rows * size} with little of {@code e A e^T} for
   * each row e of errors. That is the sum over i of {@code (L[i][i] e[i] + sum over j > i of
   * L[j][i] e[j])^2}: columns are taken from the last to the first, and each makes its own term
   * small given the errors of those before.
   *
   * @param weight W, row-major
   */
  void round(Parallel parallel, float[] weight, int rows, Rounding rounding) {
    forStrips(
        parallel,
        rows,
        (first, width) -> {
          double[] errors = new double[size * width];
          double[] sums = new double[size * width];
          for (int to = size; to > 0; to -= (to - 1) % BLOCK + 1) {
            int from = to - ((to - 1) % BLOCK + 1);
            subtract(sums, from, to, errors, to, size, width);
            for (int i = to - 1; i >= from; i--) {
              subtract(sums, i, i + 1, errors, i + 1, to, width);
              int column = order[i];
              for (int g = 0; g < width; g++) {
                double sum = sums[i * width + g];
                double wanted = weight[(first + g) * size + column] - sum / factor[i * size + i];
                errors[i * width + g] = rounding.round(first + g, column, wanted);
              }
            }
          }
        });
  }

  private interface Strip {
    void run(int first, int width);
  }

  /** Splits columns into strips whose rows of all channels stay in the cache. */
  private static void forStrips(Parallel parallel, int columns, Strip strip) {
    parallel.forRange(
        (columns + BLOCK - 1) / BLOCK,
        (part, from, to) -> {
          for (int n = from; n < to; n++) {
            strip.run(n * BLOCK, Math.min(BLOCK, columns - n * BLOCK));
          }
        });
  }
}
