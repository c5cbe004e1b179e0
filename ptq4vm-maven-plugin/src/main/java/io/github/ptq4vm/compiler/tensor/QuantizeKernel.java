package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Fake quantization and its straight-through gradients (spec ptq4vm.md 1.3 and 1.4, with the codes
 * of {@code docs/numerics.md}): rounding passes the gradient, clipping passes it strictly inside.
 */
public final class QuantizeKernel {
  private final Parallel parallel;

  QuantizeKernel(Parallel parallel) {
    this.parallel = parallel;
  }

  /**
   * Centred codes of activations: {@code clamp(rint(x * r[c] * (1/step[t])), -z[t], limit - z[t])}.
   *
   * @param reciprocal reciprocal smoothing factors r
   * @param scaled whether to multiply the codes by the step size, which makes them values again
   */
  public void activations(
      int rows,
      int channels,
      float[] x,
      float[] reciprocal,
      float[] step,
      int[] zeroPoint,
      int limit,
      boolean scaled,
      float[] out) {
    int tokens = step.length;
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int t = row % tokens;
            float inverse = 1f / step[t];
            float scale = scaled ? step[t] : 1f;
            float low = -zeroPoint[t];
            float high = limit - zeroPoint[t];
            codes(x, row * channels, channels, reciprocal, inverse, low, high, scale, out);
          }
        });
  }

  /** {@code out = scale * clamp(rint(x * factor[c] * inverse), low, high)} over one row. */
  private static void codes(
      float[] x,
      int start,
      int channels,
      float[] factor,
      float inverse,
      float low,
      float high,
      float scale,
      float[] out) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    for (int c = 0; c < bound; c += LANES) {
      FloatVector u = load(x, start + c).mul(load(factor, c)).mul(inverse);
      VectorMath.round(u.max(low).min(high)).mul(scale).intoArray(out, start + c);
    }
    for (int c = bound; c < channels; c++) {
      float u = x[start + c] * factor[c] * inverse;
      out[start + c] = (float) Math.rint(Math.max(low, Math.min(high, u))) * scale;
    }
  }

  /**
   * Gradients of scaled {@link #activations} for the gradient {@code g} of the output.
   *
   * @param gx gradient of the input, written; or null when nobody needs it
   * @param logStep gradient of the logarithm of each token's step size, added to
   * @param logSmoothing gradient of the logarithm of each smoothing factor, added to
   */
  public void activationGradients(
      int rows,
      int channels,
      float[] x,
      float[] reciprocal,
      float[] step,
      int[] zeroPoint,
      int limit,
      float[] g,
      @Nullable float[] gx,
      double[] logStep,
      double[] logSmoothing) {
    int tokens = step.length;
    int images = rows / tokens;
    int parts = parallel.threads();
    float[][] smoothing = new float[parts][channels];
    // Tokens, not rows, are split, so that one thread alone adds to a token's step size.
    parallel.forRange(
        tokens,
        (part, from, to) -> {
          float[] bySmoothing = smoothing[part];
          for (int t = from; t < to; t++) {
            float inverse = 1f / step[t];
            float low = -zeroPoint[t];
            float high = limit - zeroPoint[t];
            double byStep = 0;
            for (int image = 0; image < images; image++) {
              int start = (image * tokens + t) * channels;
              byStep +=
                  gradients(
                      x,
                      start,
                      channels,
                      reciprocal,
                      inverse,
                      low,
                      high,
                      g,
                      gx,
                      bySmoothing,
                      step[t]);
            }
            logStep[t] += byStep * step[t];
          }
        });
    for (float[] part : smoothing) {
      for (int c = 0; c < channels; c++) {
        logSmoothing[c] += part[c];
      }
    }
  }

  /** Gradients over one row; returns the gradient of the step size. */
  private static double gradients(
      float[] x,
      int start,
      int channels,
      float[] reciprocal,
      float inverse,
      float low,
      float high,
      float[] g,
      @Nullable float[] gx,
      float[] bySmoothing,
      float step) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector lanes = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      FloatVector r = load(reciprocal, c);
      FloatVector u = load(x, start + c).mul(r).mul(inverse);
      FloatVector grad = load(g, start + c);
      FloatVector clamped = u.max(low).min(high);
      // Strictly inside; on a bound the gradient stops.
      FloatVector passed =
          VectorMath.zero()
              .blend(
                  grad,
                  u.compare(VectorOperators.GT, low).and(u.compare(VectorOperators.LT, high)));
      if (gx != null) {
        passed.mul(r).intoArray(gx, start + c);
      }
      FloatVector through = passed.mul(u);
      lanes = grad.fma(VectorMath.round(clamped), lanes).sub(through);
      load(bySmoothing, c).sub(through.mul(step)).intoArray(bySmoothing, c);
    }
    double sum = VectorMath.sum(lanes);
    for (int c = bound; c < channels; c++) {
      float u = x[start + c] * reciprocal[c] * inverse;
      float passed = u > low && u < high ? g[start + c] : 0f;
      if (gx != null) {
        gx[start + c] = passed * reciprocal[c];
      }
      sum += g[start + c] * Math.rint(Math.max(low, Math.min(high, u))) - passed * u;
      bySmoothing[c] -= passed * u * step;
    }
    return sum;
  }

  /**
   * Codes of weights: {@code clamp(rint(w * smoothing[c] * (1/step[o])), -limit, limit)}.
   *
   * @param scaled whether to multiply the codes by the step size
   */
  public void weights(
      int outputs,
      int channels,
      float[] w,
      float[] smoothing,
      float[] step,
      int limit,
      boolean scaled,
      float[] out) {
    parallel.forRange(
        outputs,
        (part, from, to) -> {
          for (int o = from; o < to; o++) {
            float inverse = 1f / step[o];
            float scale = scaled ? step[o] : 1f;
            codes(w, o * channels, channels, smoothing, inverse, -limit, limit, scale, out);
          }
        });
  }

  /**
   * Gradients of scaled {@link #weights}: of the logarithms of step sizes and smoothing factors.
   */
  public void weightGradients(
      int outputs,
      int channels,
      float[] w,
      float[] smoothing,
      float[] step,
      int limit,
      float[] g,
      double[] logStep,
      double[] logSmoothing) {
    for (int o = 0; o < outputs; o++) {
      float inverse = 1f / step[o];
      double byStep = 0;
      for (int c = 0; c < channels; c++) {
        int i = o * channels + c;
        float u = w[i] * smoothing[c] * inverse;
        boolean inside = u > -limit && u < limit;
        double code = Math.rint(Math.max(-limit, Math.min(limit, u)));
        byStep += g[i] * (code - (inside ? u : 0));
        if (inside) {
          logSmoothing[c] += (double) g[i] * w[i] * smoothing[c];
        }
      }
      logStep[o] += byStep * step[o];
    }
  }
}
