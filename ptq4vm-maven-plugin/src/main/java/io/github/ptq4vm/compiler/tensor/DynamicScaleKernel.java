package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Step sizes and zero points of rows from their own ranges ({@code docs/numerics.md}, dynamic
 * scales), and the gradients that flow through them.
 */
public final class DynamicScaleKernel {
  private static final float SMALLEST_STEP = 1e-8f;

  private final Parallel parallel;

  DynamicScaleKernel(Parallel parallel) {
    this.parallel = parallel;
  }

  /**
   * Step sizes and zero points.
   *
   * @param x {@code rows * channels}
   * @param reciprocal reciprocal smoothing factors
   * @param share share of a row's range that codes cover
   * @param limit largest code
   * @param step written, one a row
   * @param zeroPoint written, one a row
   */
  public void scales(
      int rows,
      int channels,
      float[] x,
      float[] reciprocal,
      float share,
      int limit,
      float[] step,
      int[] zeroPoint) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            float low = lowest(x, row * channels, channels, reciprocal);
            float high = highest(x, row * channels, channels, reciprocal);
            step[row] = step(low, high, share, limit);
            zeroPoint[row] = zeroPoint(low, step[row], share, limit);
          }
        });
  }

  /**
   * The step that spreads codes over a share of a row's range.
   *
   * @param low smallest value, at most 0
   * @param high largest value, at least 0
   */
  public static float step(float low, float high, float share, int limit) {
    return Math.max((high * share - low * share) * (1f / limit), SMALLEST_STEP);
  }

  /** The code of zero for a row's step. */
  public static int zeroPoint(float low, float step, float share, int limit) {
    return (int) Math.min(limit, Math.rint(-(low * share) * (1f / step)));
  }

  /** Smallest of {@code x * factor} over one row and 0. */
  public static float lowest(float[] x, int start, int channels, float[] factor) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector least = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      least = least.min(load(x, start + c).mul(load(factor, c)));
    }
    float low = 0;
    for (int lane = 0; lane < LANES; lane++) {
      low = Math.min(low, least.lane(lane));
    }
    for (int c = bound; c < channels; c++) {
      low = Math.min(low, x[start + c] * factor[c]);
    }
    return low;
  }

  /** Largest of {@code x * factor} over one row and 0. */
  public static float highest(float[] x, int start, int channels, float[] factor) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector most = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      most = most.max(load(x, start + c).mul(load(factor, c)));
    }
    float high = 0;
    for (int lane = 0; lane < LANES; lane++) {
      high = Math.max(high, most.lane(lane));
    }
    for (int c = bound; c < channels; c++) {
      high = Math.max(high, x[start + c] * factor[c]);
    }
    return high;
  }

  /**
   * Takes the gradients of step sizes back to the two values that set each of them. Zero points
   * count as constants: they are rounded.
   *
   * @param step the rows' step sizes
   * @param logStep gradients of the logarithms of the step sizes
   * @param gx gradient of the input, added to; or null when nobody needs it
   * @param logSmoothing gradient of the logarithm of each smoothing factor, added to
   * @return gradient of the logarithm of the share
   */
  public double gradients(
      int rows,
      int channels,
      float[] x,
      float[] reciprocal,
      float share,
      int limit,
      float[] step,
      double[] logStep,
      @Nullable float[] gx,
      double[] logSmoothing) {
    int parts = parallel.threads();
    double[] byShare = new double[parts];
    double[][] bySmoothing = new double[parts][channels];
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            if (step[row] > SMALLEST_STEP) {
              byShare[part] += logStep[row];
              double byEnd = logStep[row] / step[row] * share / limit;
              ends(x, row * channels, channels, reciprocal, byEnd, gx, bySmoothing[part]);
            }
          }
        });
    double sum = 0;
    for (int part = 0; part < parts; part++) {
      sum += byShare[part];
      for (int c = 0; c < channels; c++) {
        logSmoothing[c] += bySmoothing[part][c];
      }
    }
    return sum;
  }

  /** The first of the largest values gets the gradient, the first of the smallest its negative. */
  private static void ends(
      float[] x,
      int start,
      int channels,
      float[] reciprocal,
      double byEnd,
      @Nullable float[] gx,
      double[] bySmoothing) {
    float low = 0;
    float high = 0;
    int lowest = -1;
    int highest = -1;
    for (int c = 0; c < channels; c++) {
      float v = x[start + c] * reciprocal[c];
      if (v < low) {
        low = v;
        lowest = c;
      } else if (v > high) {
        high = v;
        highest = c;
      }
    }
    if (highest >= 0) {
      bySmoothing[highest] -= byEnd * high;
      if (gx != null) {
        gx[start + highest] += (float) (byEnd * reciprocal[highest]);
      }
    }
    if (lowest >= 0) {
      bySmoothing[lowest] += byEnd * low;
      if (gx != null) {
        gx[start + lowest] -= (float) (byEnd * reciprocal[lowest]);
      }
    }
  }
}
