package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import jdk.incubator.vector.FloatVector;

/** Norms of each row, with the gradients of their inputs. */
final class Norms {
  private final Parallel parallel;

  Norms(Parallel parallel) {
    this.parallel = parallel;
  }

  /** Root mean square norm of each row. */
  void rms(int rows, int channels, float eps, float[] weight, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row * channels;
            float inverse = inverse(squares(x, start, channels, 0f), channels, eps);
            for (int c = 0; c < channels; c++) {
              y[start + c] = x[start + c] * inverse * weight[c];
            }
          }
        });
  }

  /** Gradient of {@link #rms} with respect to its input, written to {@code gx}. */
  void rmsGradient(
      int rows, int channels, float eps, float[] weight, float[] x, float[] gy, float[] gx) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row * channels;
            float inverse = inverse(squares(x, start, channels, 0f), channels, eps);
            double dot = 0;
            for (int c = 0; c < channels; c++) {
              dot += (double) gy[start + c] * weight[c] * x[start + c];
            }
            float shared = (float) (dot / channels) * inverse * inverse * inverse;
            for (int c = 0; c < channels; c++) {
              gx[start + c] = gy[start + c] * weight[c] * inverse - x[start + c] * shared;
            }
          }
        });
  }

  /** Layer norm of each row. */
  void layer(
      int rows, int channels, float eps, float[] weight, float[] bias, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row * channels;
            float mean = (float) (sum(x, start, channels) / channels);
            float inverse = inverse(squares(x, start, channels, mean), channels, eps);
            for (int c = 0; c < channels; c++) {
              y[start + c] = (x[start + c] - mean) * inverse * weight[c] + bias[c];
            }
          }
        });
  }

  /**
   * Gradient of {@link #layer} with respect to its input, written to {@code gx}: with {@code n = (x
   * - mean) / deviation} and {@code g = gy * weight}, {@code (g - mean(g) - n * mean(g * n)) /
   * deviation}.
   */
  void layerGradient(
      int rows, int channels, float eps, float[] weight, float[] x, float[] gy, float[] gx) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row * channels;
            float mean = (float) (sum(x, start, channels) / channels);
            float inverse = inverse(squares(x, start, channels, mean), channels, eps);
            for (int c = 0; c < channels; c++) {
              gx[start + c] = gy[start + c] * weight[c];
            }
            float level = (float) (sum(gx, start, channels) / channels);
            double dot = products(gx, x, start, channels, mean);
            float shared = (float) (dot / channels) * inverse * inverse;
            for (int c = 0; c < channels; c++) {
              gx[start + c] = (gx[start + c] - level - (x[start + c] - mean) * shared) * inverse;
            }
          }
        });
  }

  private static float inverse(double squares, int channels, float eps) {
    return (float) (1 / Math.sqrt(squares / channels + eps));
  }

  private static double sum(float[] x, int start, int channels) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector lanes = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      lanes = lanes.add(load(x, start + c));
    }
    double sum = VectorMath.sum(lanes);
    for (int c = bound; c < channels; c++) {
      sum += x[start + c];
    }
    return sum;
  }

  /** Sum of the squared differences from a center. */
  private static double squares(float[] x, int start, int channels, float center) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector lanes = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      FloatVector v = load(x, start + c).sub(center);
      lanes = v.fma(v, lanes);
    }
    double sum = VectorMath.sum(lanes);
    for (int c = bound; c < channels; c++) {
      double v = x[start + c] - center;
      sum += v * v;
    }
    return sum;
  }

  /** Sum of {@code g * (x - center)}. */
  private static double products(float[] g, float[] x, int start, int channels, float center) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector lanes = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      lanes = load(x, start + c).sub(center).fma(load(g, start + c), lanes);
    }
    double sum = VectorMath.sum(lanes);
    for (int c = bound; c < channels; c++) {
      sum += (double) g[start + c] * (x[start + c] - center);
    }
    return sum;
  }
}
