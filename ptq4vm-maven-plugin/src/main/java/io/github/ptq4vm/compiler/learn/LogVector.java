package io.github.ptq4vm.compiler.learn;

import java.util.Arrays;

/**
 * Positive numbers that learn through their logarithms: {@code value = start * exp(offset /
 * scale)}. An offset of 1 moves the code at the end of a range of {@code scale} codes by about one.
 */
final class LogVector {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.99;
  private static final double EPS = 1e-12;

  private final float[] start;
  private final float[] values;
  private final double scale;
  private final double[] offset;
  private final double[] mean;
  private final double[] gradient;
  private final double[] first;
  private final double[] second;
  private int remembered;

  LogVector(float[] start, double scale) {
    this.start = start.clone();
    this.values = start.clone();
    this.scale = scale;
    this.offset = new double[start.length];
    this.mean = new double[start.length];
    this.gradient = new double[start.length];
    this.first = new double[start.length];
    this.second = new double[start.length];
  }

  /** Current values; not to be changed. */
  float[] values() {
    return values;
  }

  /** Gradient of the loss with respect to the logarithms of the values, added to by kernels. */
  double[] gradient() {
    return gradient;
  }

  /**
   * One step of Adam, then clears the gradient. Adam divides by the gradient's own size, so the
   * unit of the offset, not of the loss, sets the pace.
   *
   * @param step number of the step, from 1
   */
  void step(int step, double rate) {
    double correction1 = 1 - Math.pow(BETA1, step);
    double correction2 = 1 - Math.pow(BETA2, step);
    for (int i = 0; i < offset.length; i++) {
      double g = gradient[i] / scale;
      first[i] = BETA1 * first[i] + (1 - BETA1) * g;
      second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
      offset[i] -= rate * (first[i] / correction1) / (Math.sqrt(second[i] / correction2) + EPS);
    }
    Arrays.fill(gradient, 0);
    update();
  }

  /** Takes the present offsets into the mean. */
  void remember() {
    remembered++;
    for (int i = 0; i < offset.length; i++) {
      mean[i] += (offset[i] - mean[i]) / remembered;
    }
  }

  /**
   * Puts the values a share of the way from the start to the mean of what was remembered. Learning
   * is over then.
   */
  void goTowardsMean(double share) {
    for (int i = 0; i < offset.length; i++) {
      offset[i] = share * mean[i];
    }
    update();
  }

  private void update() {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (start[i] * Math.exp(offset[i] / scale));
    }
  }
}
