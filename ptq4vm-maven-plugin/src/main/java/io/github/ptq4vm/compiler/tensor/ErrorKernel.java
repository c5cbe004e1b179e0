package io.github.ptq4vm.compiler.tensor;

import jdk.incubator.vector.FloatVector;

/** Sums of powers of quantization errors, for clipping searches. */
public final class ErrorKernel {
  private static final float TINY = 1e-30f;

  private ErrorKernel() {}

  /**
   * {@code sum_i |x[i] - step * clamp(rint(x[i] * (1/step)), low, high)|^power} over {@code count}
   * elements from {@code from}.
   *
   * @param low smallest centred code
   * @param high largest centred code
   */
  public static double sum(
      float[] x, int from, int count, float step, float low, float high, float power) {
    // Squares, the common case, in a loop of their own: small loops stay in registers.
    return power == 2f
        ? squares(x, from, count, step, low, high)
        : powers(x, from, count, step, low, high, power / 2);
  }

  private static double squares(float[] x, int from, int count, float step, float low, float high) {
    int bound = VectorMath.SPECIES.loopBound(count);
    FloatVector sum = VectorMath.zero();
    for (int i = 0; i < bound; i += VectorMath.LANES) {
      FloatVector error = error(VectorMath.load(x, from + i), step, low, high);
      sum = error.fma(error, sum);
    }
    double total = VectorMath.sum(sum);
    for (int i = bound; i < count; i++) {
      double error = error(x[from + i], step, low, high);
      total += error * error;
    }
    return total;
  }

  private static double powers(
      float[] x, int from, int count, float step, float low, float high, float half) {
    int bound = VectorMath.SPECIES.loopBound(count);
    FloatVector sum = VectorMath.zero();
    for (int i = 0; i < bound; i += VectorMath.LANES) {
      FloatVector error = error(VectorMath.load(x, from + i), step, low, high);
      sum = sum.add(power(error.mul(error), half));
    }
    double total = VectorMath.sum(sum);
    for (int i = bound; i < count; i++) {
      double error = error(x[from + i], step, low, high);
      total += Math.pow(error * error, half);
    }
    return total;
  }

  private static FloatVector error(FloatVector v, float step, float low, float high) {
    return v.sub(VectorMath.round(v.mul(1f / step).max(low).min(high)).mul(step));
  }

  private static float error(float v, float step, float low, float high) {
    float code = (float) Math.rint(Math.max(low, Math.min(high, v * (1f / step))));
    return v - code * step;
  }

  private static FloatVector power(FloatVector square, float half) {
    // Exact hits are zero and stay nearly so.
    FloatVector log = VectorMath.log(square.max(TINY));
    return VectorMath.exp(log.mul(half));
  }
}
