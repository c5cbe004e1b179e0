package io.github.ptq4vm.compiler;

import java.util.function.ToDoubleFunction;

/**
 * Gradients by central differences of fourth order in double precision: an oracle that knows no
 * calculus.
 */
public final class FiniteDifferences {
  private static final double STEP = 1e-3;

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
      double near = difference(moved, i, STEP, function);
      double far = difference(moved, i, 2 * STEP, function);
      gradient[i] = (8 * near - far) / (12 * STEP);
    }
    return gradient;
  }

  private static double difference(
      double[] point, int i, double step, ToDoubleFunction<double[]> function) {
    double center = point[i];
    point[i] = center + step;
    double above = function.applyAsDouble(point);
    point[i] = center - step;
    double below = function.applyAsDouble(point);
    point[i] = center;
    return above - below;
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
