package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.Panel;
import io.github.ptq4vm.compiler.tensor.Parallel;
import java.util.Arrays;

/**
 * Coordinate descent on the codes and step sizes of a weight: the error {@code (w - s k) A (w - s
 * k)^T} of each row, A being the damped second moments of the inputs, falls with every change.
 *
 * <p>Rounding channel after channel never looks back: a code that was right when it was chosen need
 * not be so once all others are known. Here each code in turn becomes the best one given all the
 * others, and then the row's step size the best one given its codes, until nothing changes.
 */
final class CodeDescent {
  /** Passes over a row's channels at most; nearly all of the gain comes from the first few. */
  private static final int SWEEPS = 8;

  /** Rows whose products with the moments are formed together. */
  private static final int ROWS = 32;

  private final double[] moments;
  private final int channels;
  private final double added;

  /**
   * Prepares.
   *
   * @param moments {@code channels * channels}, symmetric, positive semidefinite
   * @param damping share of the mean of the diagonal that is added to it
   */
  CodeDescent(double[] moments, int channels, double damping) {
    this.moments = moments;
    this.channels = channels;
    this.added = Cholesky.added(moments, channels, damping);
  }

  /**
   * Improves codes and step sizes in place.
   *
   * @param weight rows of channels
   * @param steps step sizes, one a row
   * @param codes codes, row by row
   * @param limit largest code
   */
  void improve(Parallel parallel, float[] weight, float[] steps, byte[] codes, int limit) {
    forRows(
        parallel,
        weight,
        codes,
        (o, row) -> {
          steps[o] = row.improve(steps[o], limit);
          row.store(codes, o);
        });
  }

  /** Errors of all rows, {@code (w - s k) A (w - s k)^T}. */
  double[] errors(Parallel parallel, float[] weight, float[] steps, byte[] codes) {
    double[] errors = new double[steps.length];
    forRows(parallel, weight, codes, (o, row) -> errors[o] = row.error(steps[o]));
    return errors;
  }

  private interface RowVisitor {
    void visit(int row, Row values);
  }

  /** Visits all rows with their products, which are formed for a number of rows together. */
  private void forRows(Parallel parallel, float[] weight, byte[] codes, RowVisitor visitor) {
    int outputs = weight.length / channels;
    parallel.forRange(
        (outputs + ROWS - 1) / ROWS,
        (part, from, to) -> {
          double[] values = new double[ROWS * channels];
          double[] goals = new double[ROWS * channels];
          double[] reached = new double[ROWS * channels];
          for (int first = from * ROWS; first < Math.min(outputs, to * ROWS); first += ROWS) {
            int count = Math.min(ROWS, outputs - first);
            for (int i = 0; i < count * channels; i++) {
              values[i] = codes[first * channels + i];
            }
            multiply(values, count, reached);
            for (int i = 0; i < count * channels; i++) {
              values[i] = weight[first * channels + i];
            }
            multiply(values, count, goals);
            for (int r = 0; r < count; r++) {
              visitor.visit(first + r, new Row(r * channels, values, goals, reached, codes, first));
            }
          }
        });
  }

  /** {@code product = values A} for a number of rows. */
  private void multiply(double[] values, int count, double[] product) {
    for (int i = 0; i < count * channels; i++) {
      product[i] = -added * values[i];
    }
    Panel.subtract(
        new Panel.View(product, 0, channels),
        new Panel.View(values, 0, channels),
        new Panel.View(moments, 0, channels),
        count,
        channels,
        channels);
    for (int i = 0; i < count * channels; i++) {
      product[i] = -product[i];
    }
  }

  /** One row of the weight, and its products with A. */
  private final class Row {
    private final double[] wanted;
    private final byte[] code;

    /** {@code w A}. */
    private final double[] goal;

    /** {@code k A}. */
    private final double[] reached;

    Row(int at, double[] weight, double[] goals, double[] reached, byte[] codes, int first) {
      int start = first * channels + at;
      this.wanted = Arrays.copyOfRange(weight, at, at + channels);
      this.code = Arrays.copyOfRange(codes, start, start + channels);
      this.goal = Arrays.copyOfRange(goals, at, at + channels);
      this.reached = Arrays.copyOfRange(reached, at, at + channels);
    }

    void store(byte[] codes, int row) {
      System.arraycopy(code, 0, codes, row * channels, channels);
    }

    /** Changes a code. */
    private void change(int c, int to) {
      double difference = (double) to - code[c];
      int start = c * channels;
      for (int d = 0; d < channels; d++) {
        reached[d] += difference * moments[start + d];
      }
      reached[c] += difference * added;
      code[c] = (byte) to;
    }

    double error(double step) {
      double error = 0;
      for (int c = 0; c < channels; c++) {
        error += (wanted[c] - step * code[c]) * (goal[c] - step * reached[c]);
      }
      return error;
    }

    float improve(float start, int limit) {
      float step = start;
      for (int sweep = 0; sweep < SWEEPS; sweep++) {
        boolean changed = sweep(step, limit);
        float better = step();
        if (!changed && better == step) {
          break;
        }
        step = better > 0 ? better : step;
      }
      return step;
    }

    /** Makes each code the best one given the others; whether any changed. */
    private boolean sweep(double step, int limit) {
      boolean changed = false;
      for (int c = 0; c < channels; c++) {
        double curvature = moments[c * channels + c] + added;
        double best = code[c] + (goal[c] / step - reached[c]) / curvature;
        int nearest = (int) Math.rint(Math.max(-limit, Math.min(limit, best)));
        // Only a step that gains something: a tie must not go back and forth.
        if (Math.abs(nearest - best) < Math.abs(code[c] - best) - 1e-9) {
          change(c, nearest);
          changed = true;
        }
      }
      return changed;
    }

    /** The best step size for the codes, or zero where there is none. */
    private float step() {
      double crossed = 0;
      double squared = 0;
      for (int c = 0; c < channels; c++) {
        crossed += code[c] * goal[c];
        squared += code[c] * reached[c];
      }
      return squared > 0 ? (float) Math.max(0, crossed / squared) : 0;
    }
  }
}
