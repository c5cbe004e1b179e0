package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;
import static io.github.ptq4vm.compiler.tensor.VectorMath.store;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * The selective scan of {@link io.github.ptq4vm.network.Operation.SelectiveScan} and its gradient,
 * a vector of channels at a time. The gradient is the adjoint recurrence (spec ptq4vm.md 3.5): with
 * {@code a_t = exp(delta_t A)}, {@code g_t = C_t gy_t + a_{t+1} g_{t+1}}.
 */
final class ScanKernel {
  private final int tokens;
  private final int channels;
  private final int states;
  private final float[] a; // [states][channels], A = -exp(aLog)
  private final float[] skip;

  ScanKernel(int tokens, int channels, int states, float[] aLog, float[] skip) {
    this.tokens = tokens;
    this.channels = channels;
    this.states = states;
    this.skip = skip;
    this.a = new float[aLog.length];
    for (int d = 0; d < channels; d++) {
      for (int n = 0; n < states; n++) {
        a[n * channels + d] = (float) -Math.exp(aLog[d * states + n]);
      }
    }
  }

  /** Inputs and outputs of the gradient, each for all images of the batch. */
  record Gradients(float[] u, float[] dt, float[] b, float[] c) {}

  /** {@code y} of all images. */
  void forward(
      Parallel parallel, int images, float[] u, float[] dt, float[] b, float[] c, float[] y) {
    parallel.forRange(
        images,
        (part, from, to) -> {
          float[] h = new float[states * LANES];
          for (int image = from; image < to; image++) {
            for (int d = 0; d < channels; d += LANES) {
              Arrays.fill(h, 0f);
              forward(image, d, VectorMath.tail(d, channels), h, u, dt, b, c, y);
            }
          }
        });
  }

  private void forward(
      int image,
      int d,
      @Nullable VectorMask<Float> mask,
      float[] h,
      float[] u,
      float[] dt,
      float[] b,
      float[] c,
      float[] y) {
    FloatVector skipping = load(skip, d, mask);
    for (int t = 0; t < tokens; t++) {
      int row = image * tokens + t;
      int at = row * channels + d;
      FloatVector x = load(u, at, mask);
      FloatVector delta = VectorMath.softplus(load(dt, at, mask));
      FloatVector dx = delta.mul(x);
      FloatVector sum = x.mul(skipping);
      for (int n = 0; n < states; n++) {
        FloatVector decay = VectorMath.exp(delta.mul(load(a, n * channels + d, mask)));
        FloatVector state =
            decay
                .mul(FloatVector.fromArray(VectorMath.SPECIES, h, n * LANES))
                .add(dx.mul(b[row * states + n]));
        state.intoArray(h, n * LANES);
        sum = state.fma(VectorMath.broadcast(c[row * states + n]), sum);
      }
      store(sum, y, at, mask);
    }
  }

  /** Scratch of one thread. */
  private final class Scratch {
    final float[] h = new float[(tokens + 1) * states * LANES];
    final float[] decay = new float[tokens * states * LANES];
    final float[] adjoint = new float[states * LANES];
    final float[] b = new float[tokens * states * LANES];
    final float[] c = new float[tokens * states * LANES];
  }

  /** Gradients for the gradient {@code gy} of the output, written (not added) to {@code out}. */
  void backward(
      Parallel parallel,
      int images,
      float[] u,
      float[] dt,
      float[] b,
      float[] c,
      float[] gy,
      Gradients out) {
    parallel.forRange(
        images,
        (part, from, to) -> {
          Scratch scratch = new Scratch();
          for (int image = from; image < to; image++) {
            Arrays.fill(scratch.b, 0f);
            Arrays.fill(scratch.c, 0f);
            for (int d = 0; d < channels; d += LANES) {
              VectorMask<Float> mask = VectorMath.tail(d, channels);
              replay(image, d, mask, scratch, u, dt, b);
              backward(image, d, mask, scratch, u, dt, b, c, gy, out);
            }
            // Lanes are summed once an image, not once a vector of channels.
            for (int i = 0; i < tokens * states; i++) {
              out.b[image * tokens * states + i] = sumLanes(scratch.b, i);
              out.c[image * tokens * states + i] = sumLanes(scratch.c, i);
            }
          }
        });
  }

  private static float sumLanes(float[] array, int index) {
    return FloatVector.fromArray(VectorMath.SPECIES, array, index * LANES)
        .reduceLanes(VectorOperators.ADD);
  }

  private void replay(
      int image,
      int d,
      @Nullable VectorMask<Float> mask,
      Scratch scratch,
      float[] u,
      float[] dt,
      float[] b) {
    Arrays.fill(scratch.h, 0, states * LANES, 0f);
    for (int t = 0; t < tokens; t++) {
      int row = image * tokens + t;
      int at = row * channels + d;
      FloatVector delta = VectorMath.softplus(load(dt, at, mask));
      FloatVector dx = delta.mul(load(u, at, mask));
      for (int n = 0; n < states; n++) {
        int slot = (t * states + n) * LANES;
        FloatVector decay = VectorMath.exp(delta.mul(load(a, n * channels + d, mask)));
        decay.intoArray(scratch.decay, slot);
        decay
            .mul(FloatVector.fromArray(VectorMath.SPECIES, scratch.h, slot))
            .add(dx.mul(b[row * states + n]))
            .intoArray(scratch.h, slot + states * LANES);
      }
    }
  }

  private void backward(
      int image,
      int d,
      @Nullable VectorMask<Float> mask,
      Scratch scratch,
      float[] u,
      float[] dt,
      float[] b,
      float[] c,
      float[] gy,
      Gradients out) {
    Arrays.fill(scratch.adjoint, 0f);
    FloatVector skipping = load(skip, d, mask);
    for (int t = tokens - 1; t >= 0; t--) {
      int row = image * tokens + t;
      int at = row * channels + d;
      FloatVector raw = load(dt, at, mask);
      FloatVector delta = VectorMath.softplus(raw);
      FloatVector x = load(u, at, mask);
      FloatVector dx = delta.mul(x);
      FloatVector g = load(gy, at, mask);
      FloatVector gDelta = VectorMath.broadcast(0f);
      FloatVector gInput = VectorMath.broadcast(0f);
      for (int n = 0; n < states; n++) {
        int slot = (t * states + n) * LANES;
        FloatVector decay = FloatVector.fromArray(VectorMath.SPECIES, scratch.decay, slot);
        FloatVector before = FloatVector.fromArray(VectorMath.SPECIES, scratch.h, slot);
        FloatVector after =
            FloatVector.fromArray(VectorMath.SPECIES, scratch.h, slot + states * LANES);
        FloatVector adjoint =
            g.fma(
                VectorMath.broadcast(c[row * states + n]),
                FloatVector.fromArray(VectorMath.SPECIES, scratch.adjoint, n * LANES));
        accumulate(scratch.c, slot, g.mul(after));
        accumulate(scratch.b, slot, adjoint.mul(dx));
        FloatVector carried = adjoint.mul(decay);
        gInput = adjoint.fma(VectorMath.broadcast(b[row * states + n]), gInput);
        gDelta = carried.mul(before).fma(load(a, n * channels + d, mask), gDelta);
        carried.intoArray(scratch.adjoint, n * LANES);
      }
      gDelta = gInput.fma(x, gDelta);
      store(gDelta.mul(VectorMath.sigmoid(raw)), out.dt, at, mask);
      store(gInput.fma(delta, g.mul(skipping)), out.u, at, mask);
    }
  }

  private static void accumulate(float[] array, int slot, FloatVector v) {
    FloatVector.fromArray(VectorMath.SPECIES, array, slot).add(v).intoArray(array, slot);
  }
}
