package io.github.ptq4vm.compiler.learn;

import io.github.ptq4vm.compiler.tensor.Parallel;

/**
 * {@code mean over rows of (1 - cos(target, output))}, the cosine taken over channels (spec
 * ptq4vm.md 3.4 and 3.5).
 */
final class CosineLoss {
  private static final double EPS = 1e-16;

  private CosineLoss() {}

  /**
   * The loss, and its gradient with respect to the output.
   *
   * @param gradient written, unless it is empty
   */
  static double evaluate(
      Parallel parallel, float[] target, float[] output, int channels, float[] gradient) {
    int rows = output.length / channels;
    double[] sums = new double[parallel.threads()];
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            sums[part] += row(target, output, row * channels, channels, rows, gradient);
          }
        });
    double sum = 0;
    for (double part : sums) {
      sum += part;
    }
    return sum / rows;
  }

  private static double row(
      float[] target, float[] output, int start, int channels, int rows, float[] gradient) {
    double tt = EPS;
    double yy = EPS;
    double ty = 0;
    for (int i = start; i < start + channels; i++) {
      tt += (double) target[i] * target[i];
      yy += (double) output[i] * output[i];
      ty += (double) target[i] * output[i];
    }
    double cosine = ty / Math.sqrt(tt * yy);
    if (gradient.length > 0) {
      float own = (float) (cosine / yy / rows);
      float other = (float) (1 / Math.sqrt(tt * yy) / rows);
      for (int i = start; i < start + channels; i++) {
        gradient[i] = own * output[i] - other * target[i];
      }
    }
    return 1 - cosine;
  }
}
