package io.github.ptq4vm.compiler.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

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
    float inverse = 1f / step;
    float half = power / 2;
    FloatVector sum = VectorMath.broadcast(0f);
    for (int i = 0; i < count; i += VectorMath.LANES) {
      VectorMask<Float> mask = VectorMath.tail(i, count);
      FloatVector v = VectorMath.load(x, from + i, mask);
      // Codes beyond 2^22 cannot be rounded by adding a constant; clamping first avoids them.
      FloatVector code = VectorMath.round(v.mul(inverse).max(low).min(high));
      FloatVector error = v.sub(code.mul(step));
      FloatVector square = error.mul(error);
      sum = sum.add(half == 1f ? square : power(square, half));
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  private static FloatVector power(FloatVector square, float half) {
    // Lanes beyond the tail and exact hits are zero and stay (nearly) zero.
    FloatVector log = square.max(TINY).lanewise(VectorOperators.LOG);
    return VectorMath.exp(log.mul(half));
  }
}
