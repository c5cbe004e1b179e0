package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import io.github.ptq4vm.network.Activation;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/** Gates, activations and sums of values, elementwise, with their gradients. */
final class Elementwise {
  /** Elements of flat work that stay together, a multiple of every vector's length. */
  private static final int BLOCK = 1024;

  private final Parallel parallel;

  Elementwise(Parallel parallel) {
    this.parallel = parallel;
  }

  /** {@code y = x * SiLU(z)}. */
  void gate(float[] x, float[] z, float[] y, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          System.arraycopy(z, from * BLOCK, y, from * BLOCK, end(to, size) - from * BLOCK);
          Activations.apply(Activation.SILU, y, from * BLOCK, end(to, size) - from * BLOCK);
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

  /** {@code y = activation(x)}. */
  void activate(Activation activation, float[] x, float[] y, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          int start = from * BLOCK;
          int length = end(to, size) - start;
          System.arraycopy(x, start, y, start, length);
          Activations.apply(activation, y, start, length);
        });
  }

  /** Gradient of {@link #activate}. */
  void activateGradient(Activation activation, float[] x, float[] gy, float[] gx, int size) {
    parallel.forRange(
        blocks(size),
        (part, from, to) -> {
          int start = from * BLOCK;
          int length = end(to, size) - start;
          System.arraycopy(x, start, gx, start, length);
          Activations.gradient(activation, gx, start, gy, start, length);
        });
  }

  private static int blocks(int size) {
    return (size + BLOCK - 1) / BLOCK;
  }

  private static int end(int block, int size) {
    return Math.min(size, block * BLOCK);
  }
}
