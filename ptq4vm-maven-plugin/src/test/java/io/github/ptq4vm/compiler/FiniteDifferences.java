package io.github.ptq4vm.compiler;

import java.util.function.ToDoubleFunction;

/** Gradients by central differences in double precision: an oracle that knows no calculus. */
public final class FiniteDifferences {
  private static final double STEP = 1e-5;

  private FiniteDifferences() {}

  /**
   * Gradient of a function at a point.
   *
   * @param function smooth near the point; gets the point changed in one place at a time
   */
  public static double[] gradient(double[] point, ToDoubleFunction<double[]> function) {
    double[] moved = point.clone();
    double[] gradient = new double[point.length];
    for (int i = 0; i < point.length; i++) {
      moved[i] = point[i] + STEP;
      double above = function.applyAsDouble(moved);
      moved[i] = point[i] - STEP;
      double below = function.applyAsDouble(moved);
      moved[i] = point[i];
      gradient[i] = (above - below) / (2 * STEP);
    }
    return gradient;
  }

  /** Sum of products: the loss whose gradient with respect to {@code values} is {@code weights}. */
  public static double dot(float[] weights, double[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += weights[i] * values[i];
    }
    return sum;
  }
}
