package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;
import static io.github.ptq4vm.compiler.tensor.VectorMath.store;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/** Norm, gate, sums and moves of rows, with their gradients. */
final class Elementwise {
  private final Parallel parallel;

  Elementwise(Parallel parallel) {
    this.parallel = parallel;
  }

  /** Root mean square norm of each row. */
  void rmsNorm(int rows, int channels, float eps, float[] weight, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row * channels;
            float inverse = inverseRms(x, start, channels, eps);
            for (int c = 0; c < channels; c += LANES) {
              VectorMask<Float> mask = VectorMath.tail(c, channels);
              store(
                  load(x, start + c, mask).mul(inverse).mul(load(weight, c, mask)),
                  y,
                  start + c,
                  mask);
            }
          }
        });
  }

  /** Gradient of {@link #rmsNorm} with respect to its input, written to {@code gx}. */
  void rmsNormGradient(
      int rows, int channels, float eps, float[] weight, float[] x, float[] gy, float[] gx) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row * channels;
            float inverse = inverseRms(x, start, channels, eps);
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

  private static float inverseRms(float[] x, int start, int channels, float eps) {
    FloatVector sum = VectorMath.broadcast(0f);
    for (int c = 0; c < channels; c += LANES) {
      FloatVector v = load(x, start + c, VectorMath.tail(c, channels));
      sum = v.fma(v, sum);
    }
    return (float) (1 / Math.sqrt(sum.reduceLanes(VectorOperators.ADD) / channels + eps));
  }

  /** {@code y = x * SiLU(z)}. */
  void gate(float[] x, float[] z, float[] y, int size) {
    each(
        size,
        (i, mask) -> {
          FloatVector gate = load(z, i, mask);
          store(load(x, i, mask).mul(gate.mul(VectorMath.sigmoid(gate))), y, i, mask);
        });
  }

  /** Gradients of {@link #gate} with respect to both inputs. */
  void gateGradient(float[] x, float[] z, float[] gy, float[] gx, float[] gz, int size) {
    each(
        size,
        (i, mask) -> {
          FloatVector gate = load(z, i, mask);
          FloatVector s = VectorMath.sigmoid(gate);
          FloatVector g = load(gy, i, mask);
          store(g.mul(gate.mul(s)), gx, i, mask);
          FloatVector slope = s.mul(gate.mul(VectorMath.broadcast(1f).sub(s)).add(1f));
          store(g.mul(load(x, i, mask)).mul(slope), gz, i, mask);
        });
  }

  /** {@code y = factor * sum of inputs}. */
  void merge(List<float[]> inputs, float factor, float[] y, int size) {
    each(
        size,
        (i, mask) -> {
          FloatVector sum = load(inputs.get(0), i, mask);
          for (int k = 1; k < inputs.size(); k++) {
            sum = sum.add(load(inputs.get(k), i, mask));
          }
          store(sum.mul(factor), y, i, mask);
        });
  }

  /** {@code y += factor * x}. */
  void accumulate(float[] x, float factor, float[] y, int size) {
    FloatVector f = VectorMath.broadcast(factor);
    each(size, (i, mask) -> store(load(x, i, mask).fma(f, load(y, i, mask)), y, i, mask));
  }

  /** Adds {@code bias} to every row. */
  void addBias(int rows, int channels, float[] bias, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            for (int c = 0; c < channels; c++) {
              y[row * channels + c] += bias[c];
            }
          }
        });
  }

  /** Adds a table of {@code tokens} rows to every image. */
  void addTable(int rows, int tokens, int channels, float[] table, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int t = row % tokens * channels;
            for (int c = 0; c < channels; c++) {
              y[row * channels + c] = x[row * channels + c] + table[t + c];
            }
          }
        });
  }

  /** Copies channels {@code from} to {@code from + width} of every row. */
  void takeChannels(int rows, int channels, int from, int width, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, first, last) -> {
          for (int row = first; row < last; row++) {
            System.arraycopy(x, row * channels + from, y, row * width, width);
          }
        });
  }

  /** Adds {@code width} channels to channels {@code from} onwards of every row of {@code y}. */
  void addToChannels(int rows, int channels, int from, int width, float[] x, float[] y) {
    parallel.forRange(
        rows,
        (part, first, last) -> {
          for (int row = first; row < last; row++) {
            for (int c = 0; c < width; c++) {
              y[row * channels + from + c] += x[row * width + c];
            }
          }
        });
  }

  /** Row i of each image becomes its row {@code source[i]}, or zeros where that is -1. */
  void moveRows(int images, int sourceRows, int[] source, int channels, float[] x, float[] y) {
    parallel.forRange(
        images,
        (part, first, last) -> {
          for (int image = first; image < last; image++) {
            for (int i = 0; i < source.length; i++) {
              int to = (image * source.length + i) * channels;
              if (source[i] < 0) {
                Arrays.fill(y, to, to + channels, 0f);
              } else {
                System.arraycopy(x, (image * sourceRows + source[i]) * channels, y, to, channels);
              }
            }
          }
        });
  }

  private interface Step {
    void at(int index, @Nullable VectorMask<Float> mask);
  }

  private void each(int size, Step step) {
    // Parts are aligned to vectors, so that results do not depend on the number of threads.
    parallel.forRange(
        (size + LANES - 1) / LANES,
        (part, from, to) -> {
          for (int block = from; block < to; block++) {
            step.at(block * LANES, VectorMath.tail(block * LANES, size));
          }
        });
  }
}
