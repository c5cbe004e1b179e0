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

  /** Rows at once: as many share one reading of the moments. */
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
    int outputs = steps.length;
    parallel.forRange(
        (outputs + ROWS - 1) / ROWS,
        (part, from, to) -> {
          for (int first = from * ROWS; first < Math.min(outputs, to * ROWS); first += ROWS) {
            improve(weight, steps, codes, limit, first, Math.min(outputs, first + ROWS));
          }
        });
  }

  /** Rows {@code from} to {@code to}, whose products with the moments are formed together. */
  private void improve(float[] weight, float[] steps, byte[] codes, int limit, int from, int to) {
    int start = from * channels;
    double[] values = new double[(to - from) * channels];
    for (int i = 0; i < values.length; i++) {
      values[i] = weight[start + i];
    }
    double[] goals = product(values);
    for (int i = 0; i < values.length; i++) {
      values[i] = codes[start + i];
    }
    double[] reached = product(values);
    for (int o = from; o < to; o++) {
      int at = (o - from) * channels;
      Row row =
          new Row(
              Arrays.copyOfRange(codes, o * channels, (o + 1) * channels),
              Arrays.copyOfRange(goals, at, at + channels),
              Arrays.copyOfRange(reached, at, at + channels));
      steps[o] = row.improve(steps[o], limit);
      System.arraycopy(row.code, 0, codes, o * channels, channels);
    }
  }

  /** Rows of values times A. */
  private double[] product(double[] values) {
    double[] product = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      product[i] = -added * values[i];
    }
    Panel.subtract(
        new Panel.View(product, 0, channels),
        new Panel.View(values, 0, channels),
        new Panel.View(moments, 0, channels),
        values.length / channels,
        channels,
        channels);
    for (int i = 0; i < product.length; i++) {
      product[i] = -product[i];
    }
    return product;
  }

  /** One row of the weight, and its products with A. */
  private final class Row {
    private final byte[] code;

    /** {@code w A}. */
    private final double[] goal;

    /** {@code k A}. */
    private final double[] reached;

    Row(byte[] code, double[] goal, double[] reached) {
      this.code = code;
      this.goal = goal;
      this.reached = reached;
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
