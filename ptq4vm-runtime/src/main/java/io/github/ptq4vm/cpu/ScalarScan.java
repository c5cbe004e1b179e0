package io.github.ptq4vm.cpu;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Selective scan, token after token, all channels of a token at a time. */
final class ScalarScan implements CpuKernels.Scan {
  private final float[][] rates;
  private final float[] skip;
  private final int channels;
  private final int states;

  ScalarScan(float[] aLog, float[] skip, int channels, int states) {
    this.rates = ScalarKernels.transpose(aLog, channels, states);
    for (float[] row : rates) {
      for (int d = 0; d < channels; d++) {
        row[d] = Elementary.decayRate(row[d]);
      }
    }
    this.skip = skip;
    this.channels = channels;
    this.states = states;
  }

  @Override
  public void apply(
      Matrix u,
      int @Nullable [] inputRows,
      Matrix dt,
      Matrix b,
      Matrix c,
      Matrix y,
      int @Nullable [] outputRows,
      int from,
      int to,
      Scratch scratch) {
    float[] input = scratch.floats(0, channels);
    float[] delta = scratch.floats(1, channels);
    float[] driven = scratch.floats(2, channels);
    float[] result = scratch.floats(3, channels);
    for (int n = 0; n < states; n++) {
      Arrays.fill(scratch.floats(4 + n, channels), from, to, 0f);
    }
    for (int t = 0; t < u.rows(); t++) {
      int in = inputRows == null ? t : inputRows[t];
      System.arraycopy(u.data(), u.at(in) + from, input, from, to - from);
      System.arraycopy(dt.data(), dt.at(t) + from, delta, from, to - from);
      for (int d = from; d < to; d++) {
        delta[d] = Elementary.softplus(delta[d]);
        driven[d] = delta[d] * input[d];
        result[d] = skip[d] * input[d];
      }
      for (int n = 0; n < states; n++) {
        step(
            rates[n],
            delta,
            driven,
            b.data()[b.at(t) + n],
            c.data()[c.at(t) + n],
            scratch.floats(4 + n, channels),
            result,
            from,
            to);
      }
      int out = outputRows == null ? t : outputRows[t];
      System.arraycopy(result, from, y.data(), y.at(out) + from, to - from);
    }
  }

  /** One state of all channels: {@code h = exp(delta*A)*h + delta*u*B; y += C*h}. */
  private static void step(
      float[] rate,
      float[] delta,
      float[] driven,
      float b,
      float c,
      float[] state,
      float[] result,
      int from,
      int to) {
    for (int d = from; d < to; d++) {
      float h = Math.fma(Elementary.expNonPositive(delta[d] * rate[d]), state[d], driven[d] * b);
      state[d] = h;
      result[d] = Math.fma(c, h, result[d]);
    }
  }
}
