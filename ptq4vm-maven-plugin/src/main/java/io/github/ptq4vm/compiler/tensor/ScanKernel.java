package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The selective scan of {@link io.github.ptq4vm.network.Operation.SelectiveScan} and its gradient.
 *
 * <p>A strip of as many channels as a vector has lanes is brought together, then each state runs
 * along all tokens by itself, in a register. The gradient is the adjoint recurrence (spec ptq4vm.md
 * 3.5): with {@code a_t = exp(delta_t A)}, {@code g_t = C_t gy_t + a_{t+1} g_{t+1}}.
 */
final class ScanKernel {
  private final int tokens;
  private final int channels;
  private final int states;

  /** Decay rates {@code A * log2 e}, {@code [strips][states][LANES]}: a decay is a power of two. */
  private final float[] rates;

  /** {@code [strips][LANES]}. */
  private final float[] skip;

  ScanKernel(int tokens, int channels, int states, float[] aLog, float[] skip) {
    this.tokens = tokens;
    this.channels = channels;
    this.states = states;
    int strips = (channels + LANES - 1) / LANES;
    this.rates = new float[strips * states * LANES];
    this.skip = Arrays.copyOf(skip, strips * LANES);
    for (int d = 0; d < channels; d++) {
      for (int n = 0; n < states; n++) {
        rates[(d / LANES * states + n) * LANES + d % LANES] =
            (float) (-Math.exp(aLog[d * states + n]) / Math.log(2));
      }
    }
  }

  /** Gradients of the inputs for all images of the batch. */
  record Gradients(float[] u, float[] dt, float[] b, float[] c) {}

  /** A strip of one image, brought together: {@code [tokens][LANES]} each. */
  private final class Strip {
    final float[] u = new float[tokens * LANES];
    final float[] raw = new float[tokens * LANES];
    final float[] delta = new float[tokens * LANES];
    final float[] input = new float[tokens * LANES]; // delta * u
    final float[] y = new float[tokens * LANES];

    void take(int image, int strip, float[] us, float[] dts) {
      gather(us, image, strip, u);
      gather(dts, image, strip, raw);
      discretise(tokens * LANES, raw, u, delta, input);
    }
  }

  /** {@code y} of all images. */
  void forward(
      Parallel parallel, int images, float[] u, float[] dt, float[] b, float[] c, float[] y) {
    int strips = (channels + LANES - 1) / LANES;
    parallel.forRange(
        images * strips,
        (part, from, to) -> {
          Strip s = new Strip();
          for (int i = from; i < to; i++) {
            int image = i / strips;
            int strip = i % strips;
            int first = image * tokens * states;
            s.take(image, strip, u, dt);
            passThrough(s.u, skip, strip * LANES, s.y);
            for (int n = 0; n < states; n++) {
              int rate = (strip * states + n) * LANES;
              run(tokens, states, rates, rate, s.delta, s.input, b, c, first + n, s.y);
            }
            scatter(s.y, image, strip, y);
          }
        });
  }

  private static void run(
      int tokens,
      int states,
      float[] rates,
      int rate,
      float[] delta,
      float[] input,
      float[] b,
      float[] c,
      int first,
      float[] y) {
    FloatVector an = load(rates, rate);
    FloatVector h = VectorMath.zero();
    for (int t = 0; t < tokens; t++) {
      int at = t * LANES;
      int row = first + t * states;
      FloatVector decay = VectorMath.exp2(load(delta, at).mul(an));
      h = decay.fma(h, load(input, at).mul(b[row]));
      h.fma(VectorMath.broadcast(c[row]), load(y, at)).intoArray(y, at);
    }
  }

  private static void discretise(int size, float[] raw, float[] u, float[] delta, float[] input) {
    for (int i = 0; i < size; i += LANES) {
      FloatVector d = VectorMath.softplus(load(raw, i));
      d.intoArray(delta, i);
      d.mul(load(u, i)).intoArray(input, i);
    }
  }

  private static void passThrough(float[] u, float[] skip, int at, float[] y) {
    FloatVector gain = load(skip, at);
    for (int i = 0; i < u.length; i += LANES) {
      load(u, i).mul(gain).intoArray(y, i);
    }
  }

  /** What one thread needs for the gradient of one image. */
  private final class Scratch {
    final Strip strip = new Strip();
    final float[] gy = new float[tokens * LANES];
    final float[] h = new float[(tokens + 1) * LANES];
    final float[] decay = new float[tokens * LANES];
    final float[] gDelta = new float[tokens * LANES];
    final float[] gInput = new float[tokens * LANES];

    /** Gradients of B and C by lane, {@code [states][tokens][LANES]}: a state's are contiguous. */
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
            for (int strip = 0; strip * LANES < channels; strip++) {
              scratch.strip.take(image, strip, u, dt);
              gather(gy, image, strip, scratch.gy);
              backward(image, strip, scratch, b, c);
              finish(tokens * LANES, scratch, skip, strip * LANES);
              scatter(scratch.gInput, image, strip, out.u);
              scatter(scratch.gDelta, image, strip, out.dt);
            }
            // Lanes are summed once an image, not once a strip.
            sumLanes(scratch.b, out.b, image * tokens * states);
            sumLanes(scratch.c, out.c, image * tokens * states);
          }
        });
  }

  private void backward(int image, int strip, Scratch s, float[] b, float[] c) {
    Arrays.fill(s.gDelta, 0f);
    Arrays.fill(s.gInput, 0f);
    int first = image * tokens * states;
    for (int n = 0; n < states; n++) {
      int rate = (strip * states + n) * LANES;
      replay(tokens, states, rates, rate, s.strip.delta, s.strip.input, b, first + n, s.decay, s.h);
      adjoint(tokens, states, n, rates, rate, s, b, c, first + n);
    }
  }

  private static void replay(
      int tokens,
      int states,
      float[] rates,
      int rate,
      float[] delta,
      float[] input,
      float[] b,
      int first,
      float[] decays,
      float[] hs) {
    FloatVector an = load(rates, rate);
    FloatVector h = VectorMath.zero();
    h.intoArray(hs, 0);
    for (int t = 0; t < tokens; t++) {
      int at = t * LANES;
      FloatVector decay = VectorMath.exp2(load(delta, at).mul(an));
      decay.intoArray(decays, at);
      h = decay.fma(h, load(input, at).mul(b[first + t * states]));
      h.intoArray(hs, at + LANES);
    }
  }

  private static void adjoint(
      int tokens,
      int states,
      int n,
      float[] rates,
      int rate,
      Scratch s,
      float[] b,
      float[] c,
      int first) {
    FloatVector an = load(rates, rate).mul((float) Math.log(2));
    FloatVector carried = VectorMath.zero();
    for (int t = tokens - 1; t >= 0; t--) {
      int at = t * LANES;
      int slot = (n * tokens + t) * LANES;
      FloatVector g = load(s.gy, at);
      FloatVector adjoint = g.mul(c[first + t * states]).add(carried);
      g.fma(load(s.h, at + LANES), load(s.c, slot)).intoArray(s.c, slot);
      adjoint.fma(load(s.strip.input, at), load(s.b, slot)).intoArray(s.b, slot);
      carried = adjoint.mul(load(s.decay, at));
      load(s.gInput, at).add(adjoint.mul(b[first + t * states])).intoArray(s.gInput, at);
      carried.mul(load(s.h, at)).fma(an, load(s.gDelta, at)).intoArray(s.gDelta, at);
    }
  }

  /** From the gradients of delta * u and of delta in the exponent to those of u and raw dt. */
  private static void finish(int size, Scratch s, float[] skip, int at) {
    FloatVector gain = load(skip, at);
    for (int i = 0; i < size; i += LANES) {
      FloatVector gInput = load(s.gInput, i);
      gInput
          .fma(load(s.strip.u, i), load(s.gDelta, i))
          .mul(VectorMath.sigmoid(load(s.strip.raw, i)))
          .intoArray(s.gDelta, i);
      gInput.fma(load(s.strip.delta, i), load(s.gy, i).mul(gain)).intoArray(s.gInput, i);
    }
  }

  private void sumLanes(float[] lanes, float[] out, int first) {
    for (int n = 0; n < states; n++) {
      for (int t = 0; t < tokens; t++) {
        out[first + t * states + n] = VectorMath.sum(load(lanes, (n * tokens + t) * LANES));
      }
    }
  }

  /** Brings a strip together; lanes beyond the last channel are zero and so add no gradient. */
  private void gather(float[] values, int image, int strip, float[] out) {
    int start = image * tokens * channels + strip * LANES;
    int width = Math.min(LANES, channels - strip * LANES);
    if (width == LANES) {
      moveLanes(tokens, values, start, channels, out, 0, LANES);
      return;
    }
    Arrays.fill(out, 0f);
    for (int t = 0; t < tokens; t++) {
      System.arraycopy(values, start + t * channels, out, t * LANES, width);
    }
  }

  private void scatter(float[] strip, int image, int number, float[] values) {
    int start = image * tokens * channels + number * LANES;
    int width = Math.min(LANES, channels - number * LANES);
    if (width == LANES) {
      moveLanes(tokens, strip, 0, LANES, values, start, channels);
      return;
    }
    for (int t = 0; t < tokens; t++) {
      System.arraycopy(strip, t * LANES, values, start + t * channels, width);
    }
  }

  /** Copies one vector a token; with a single state, copies would take longer than the scan. */
  private static void moveLanes(
      int tokens, float[] from, int start, int stride, float[] to, int toStart, int toStride) {
    for (int t = 0; t < tokens; t++) {
      load(from, start + t * stride).intoArray(to, toStart + t * toStride);
    }
  }
}
