package io.github.ptq4vm.compiler.quantize;

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
    parallel.forRange(
        steps.length,
        (part, from, to) -> {
          Row row = new Row();
          for (int o = from; o < to; o++) {
            row.load(weight, o, codes);
            steps[o] = row.improve(steps[o], limit);
            System.arraycopy(row.code, 0, codes, o * channels, channels);
          }
        });
  }

  /** Errors of all rows, {@code (w - s k) A (w - s k)^T}. */
  double[] errors(Parallel parallel, float[] weight, float[] steps, byte[] codes) {
    double[] errors = new double[steps.length];
    parallel.forRange(
        steps.length,
        (part, from, to) -> {
          Row row = new Row();
          for (int o = from; o < to; o++) {
            row.load(weight, o, codes);
            errors[o] = row.error(steps[o]);
          }
        });
    return errors;
  }

  /** One row of the weight, and its products with A. */
  private final class Row {
    private final double[] wanted = new double[channels];
    private final byte[] code = new byte[channels];

    /** {@code w A}. */
    private final double[] goal = new double[channels];

    /** {@code k A}. */
    private final double[] reached = new double[channels];

    void load(float[] weight, int row, byte[] codes) {
      System.arraycopy(codes, row * channels, code, 0, channels);
      Arrays.fill(goal, 0);
      Arrays.fill(reached, 0);
      for (int c = 0; c < channels; c++) {
        wanted[c] = weight[row * channels + c];
        add(wanted[c], c, goal);
        add(code[c], c, reached);
      }
    }

    /** {@code sums += factor * A[c]}. */
    private void add(double factor, int c, double[] sums) {
      if (factor == 0) {
        return;
      }
      int start = c * channels;
      for (int d = 0; d < channels; d++) {
        sums[d] += factor * moments[start + d];
      }
      sums[c] += factor * added;
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
          add(nearest - code[c], c, reached);
          code[c] = (byte) nearest;
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
