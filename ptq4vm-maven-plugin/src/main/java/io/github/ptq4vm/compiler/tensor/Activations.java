package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import io.github.ptq4vm.network.Activation;
import jdk.incubator.vector.FloatVector;

/** Elementwise functions and their slopes, over ranges of arrays. */
final class Activations {
  private static final double ROOT_2_PI = Math.sqrt(2 * Math.PI);

  private Activations() {}

  /** Applies a function in place. */
  static void apply(Activation activation, float[] x, int start, int size) {
    switch (activation) {
      case NONE -> {}
      case SILU -> silu(x, start, size);
      case GELU -> gelu(x, start, size);
      case SIGMOID -> sigmoid(x, start, size);
    }
  }

  /**
   * Replaces each {@code x} by its gradient through a function.
   *
   * @param gy gradient of the function's result, from {@code gyStart} on
   */
  static void gradient(
      Activation activation, float[] x, int start, float[] gy, int gyStart, int size) {
    switch (activation) {
      case NONE -> System.arraycopy(gy, gyStart, x, start, size);
      case SILU -> siluGradient(x, start, gy, gyStart, size);
      case GELU -> geluGradient(x, start, gy, gyStart, size);
      case SIGMOID -> sigmoidGradient(x, start, gy, gyStart, size);
    }
  }

  private static void silu(float[] x, int start, int size) {
    int bound = start + VectorMath.SPECIES.loopBound(size);
    for (int i = start; i < bound; i += LANES) {
      FloatVector v = load(x, i);
      v.mul(VectorMath.sigmoid(v)).intoArray(x, i);
    }
    for (int i = bound; i < start + size; i++) {
      x[i] *= VectorMath.sigmoid(x[i]);
    }
  }

  private static void siluGradient(float[] x, int start, float[] gy, int gyStart, int size) {
    int bound = VectorMath.SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = load(x, start + i);
      FloatVector s = VectorMath.sigmoid(v);
      // s * (1 + v * (1 - s))
      FloatVector slope = v.sub(v.mul(s)).fma(s, s);
      load(gy, gyStart + i).mul(slope).intoArray(x, start + i);
    }
    for (int i = bound; i < size; i++) {
      float v = x[start + i];
      float s = VectorMath.sigmoid(v);
      x[start + i] = gy[gyStart + i] * s * (1 + v * (1 - s));
    }
  }

  private static void sigmoid(float[] x, int start, int size) {
    int bound = start + VectorMath.SPECIES.loopBound(size);
    for (int i = start; i < bound; i += LANES) {
      VectorMath.sigmoid(load(x, i)).intoArray(x, i);
    }
    for (int i = bound; i < start + size; i++) {
      x[i] = VectorMath.sigmoid(x[i]);
    }
  }

  private static void sigmoidGradient(float[] x, int start, float[] gy, int gyStart, int size) {
    int bound = VectorMath.SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector s = VectorMath.sigmoid(load(x, start + i));
      load(gy, gyStart + i).mul(s.sub(s.mul(s))).intoArray(x, start + i);
    }
    for (int i = bound; i < size; i++) {
      float s = VectorMath.sigmoid(x[start + i]);
      x[start + i] = gy[gyStart + i] * (s - s * s);
    }
  }

  // GELU takes several loops: one would be too long to be compiled without allocating vectors.

  private static void gelu(float[] x, int start, int size) {
    int bound = VectorMath.SPECIES.loopBound(size);
    float[] beyond = new float[bound];
    bell(x, start, beyond);
    beyond(x, start, beyond, beyond);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = load(x, start + i);
      // v * below(v) = max(v, 0) - abs(v) * beyond(abs(v)), which is exact far out.
      load(beyond, i).fma(v.abs().neg(), v.max(0f)).intoArray(x, start + i);
    }
    for (int i = start + bound; i < start + size; i++) {
      float v = x[i];
      double magnitude = Math.abs(v);
      x[i] = (float) (Math.max(v, 0f) - magnitude * VectorMath.beyond(magnitude));
    }
  }

  private static void geluGradient(float[] x, int start, float[] gy, int gyStart, int size) {
    int bound = VectorMath.SPECIES.loopBound(size);
    float[] bell = new float[bound];
    float[] beyond = new float[bound];
    bell(x, start, bell);
    beyond(x, start, bell, beyond);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = load(x, start + i);
      // below(v) = 1/2 + sign(v) * (1/2 - beyond(abs(v)))
      FloatVector within = load(beyond, i).neg().add(0.5f);
      FloatVector below = within.fma(sign(v), VectorMath.broadcast(0.5f));
      FloatVector slope = load(bell, i).mul((float) (1 / ROOT_2_PI)).fma(v, below);
      load(gy, gyStart + i).mul(slope).intoArray(x, start + i);
    }
    for (int i = bound; i < size; i++) {
      double v = x[start + i];
      double share = VectorMath.beyond(Math.abs(v));
      double below = v < 0 ? share : 1 - share;
      x[start + i] = (float) (gy[gyStart + i] * (below + v * Math.exp(-0.5 * v * v) / ROOT_2_PI));
    }
  }

  private static void bell(float[] x, int start, float[] bell) {
    for (int i = 0; i < bell.length; i += LANES) {
      FloatVector v = load(x, start + i);
      VectorMath.exp(v.mul(v).mul(-0.5f)).intoArray(bell, i);
    }
  }

  /** Shares beyond the magnitudes of x. */
  private static void beyond(float[] x, int start, float[] bell, float[] beyond) {
    for (int i = 0; i < bell.length; i += LANES) {
      VectorMath.beyond(load(x, start + i).abs(), load(bell, i)).intoArray(beyond, i);
    }
  }

  /** -1, 0 or 1, or what is between them next to zero, where nobody can tell. */
  private static FloatVector sign(FloatVector v) {
    return v.mul(1e30f).max(-1f).min(1f);
  }
}
