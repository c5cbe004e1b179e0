package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/** Norm, gate, sums and moves of rows, with their gradients. */
final class Elementwise {
  /** Elements of flat work that stay together, a multiple of every vector's length. */
  private static final int BLOCK = 1024;

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
            for (int c = 0; c < channels; c++) {
              y[start + c] = x[start + c] * inverse * weight[c];
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
    int bound = VectorMath.SPECIES.loopBound(channels);
    FloatVector lanes = VectorMath.zero();
    for (int c = 0; c < bound; c += LANES) {
      FloatVector v = load(x, start + c);
      lanes = v.fma(v, lanes);
    }
    double sum = VectorMath.sum(lanes);
    for (int c = bound; c < channels; c++) {
      sum += (double) x[start + c] * x[start + c];
    }
    return (float) (1 / Math.sqrt(sum / channels + eps));
  }

  /** {@code x * sigmoid(x)} in place. */
  static void silu(float[] x, int start, int size) {
    int bound = start + VectorMath.SPECIES.loopBound(size);
    for (int i = start; i < bound; i += LANES) {
      FloatVector v = load(x, i);
      v.mul(VectorMath.sigmoid(v)).intoArray(x, i);
    }
    for (int i = bound; i < start + size; i++) {
      x[i] *= VectorMath.sigmoid(x[i]);
    }
  }

  /** Replaces each {@code x} by its gradient through {@link #silu}. */
  static void siluGradient(float[] x, float[] gy, int start) {
    int bound = VectorMath.SPECIES.loopBound(x.length);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = load(x, i);
      FloatVector s = VectorMath.sigmoid(v);
      // s * (1 + v * (1 - s))
      FloatVector slope = v.sub(v.mul(s)).fma(s, s);
      load(gy, start + i).mul(slope).intoArray(x, i);
    }
    for (int i = bound; i < x.length; i++) {
      float s = VectorMath.sigmoid(x[i]);
      x[i] = gy[start + i] * s * (1 + x[i] * (1 - s));
    }
  }

  /** {@code y = x * SiLU(z)}. */
  void gate(float[] x, float[] z, float[] y, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          System.arraycopy(z, from * BLOCK, y, from * BLOCK, end(to, size) - from * BLOCK);
          silu(y, from * BLOCK, end(to, size) - from * BLOCK);
          for (int i = from * BLOCK; i < end(to, size); i++) {
            y[i] *= x[i];
          }
        });
  }

  /** Gradients of {@link #gate} with respect to both inputs. */
  void gateGradient(float[] x, float[] z, float[] gy, float[] gx, float[] gz, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          int end = end(to, size);
          int bound = end - (end - from * BLOCK) % LANES;
          gateGradient(x, z, gy, gx, gz, from * BLOCK, bound);
          for (int i = bound; i < end; i++) {
            float s = VectorMath.sigmoid(z[i]);
            gx[i] = gy[i] * z[i] * s;
            gz[i] = gy[i] * x[i] * s * (1 + z[i] * (1 - s));
          }
        });
  }

  private static void gateGradient(
      float[] x, float[] z, float[] gy, float[] gx, float[] gz, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector gate = load(z, i);
      FloatVector s = VectorMath.sigmoid(gate);
      FloatVector g = load(gy, i);
      g.mul(gate).mul(s).intoArray(gx, i);
      g.mul(load(x, i)).mul(gate.sub(gate.mul(s)).fma(s, s)).intoArray(gz, i);
    }
  }

  /** {@code y = factor * sum of inputs}. */
  void merge(List<float[]> inputs, float factor, float[] y, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          int start = from * BLOCK;
          int end = end(to, size);
          System.arraycopy(inputs.get(0), start, y, start, end - start);
          for (float[] input : inputs.subList(1, inputs.size())) {
            for (int i = start; i < end; i++) {
              y[i] += input[i];
            }
          }
          if (factor != 1f) {
            for (int i = start; i < end; i++) {
              y[i] *= factor;
            }
          }
        });
  }

  /** {@code y += x}. */
  void accumulate(float[] x, float[] y, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          for (int i = from * BLOCK; i < end(to, size); i++) {
            y[i] += x[i];
          }
        });
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

  private static int blocks(int size) {
    return (size + BLOCK - 1) / BLOCK;
  }

  private static int end(int block, int size) {
    return Math.min(size, block * BLOCK);
  }
}
