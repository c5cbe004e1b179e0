package io.github.ptq4vm.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Selective scan, one vector of channels after another: its states stay in the first-level cache
 * for the whole sequence. Decay rates are kept times {@code log2 e}, so that a decay is a power of
 * two.
 */
final class VectorScan implements CpuKernels.Scan {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

  private final float[] rates;
  private final float[] skip;
  private final int states;

  /** For the channels that do not fill a vector. */
  private final @Nullable ScalarScan rest;

  VectorScan(float[] aLog, float[] skip, int channels, int states) {
    this.skip = skip;
    this.states = states;
    int whole = channels / LANES * LANES;
    this.rates = new float[whole * states];
    for (int d = 0; d < whole; d++) {
      for (int n = 0; n < states; n++) {
        double rate = -Math.exp(aLog[d * states + n]) / Math.log(2);
        rates[(d / LANES * states + n) * LANES + d % LANES] = (float) rate;
      }
    }
    this.rest = whole < channels ? new ScalarScan(aLog, skip, channels, states) : null;
  }

  @Override
  public void apply(
      Matrix u, Matrix dt, Matrix b, Matrix c, Matrix y, int from, int to, Scratch scratch) {
    float[] state = scratch.floats(0, states * LANES);
    float[] decay = scratch.floats(1, states * LANES);
    float[] delta = scratch.floats(2, LANES);
    int d = from;
    for (; d + LANES <= to; d += LANES) {
      Arrays.fill(state, 0, states * LANES, 0f);
      for (int t = 0; t < u.rows(); t++) {
        VectorMath.softplus(dt.data(), dt.at(t) + d, delta, 0);
        VectorMath.exp2(rates, d * states, delta, 0, decay, states);
        recur(
            u.data(),
            u.at(t) + d,
            delta,
            decay,
            b.data(),
            b.at(t),
            c.data(),
            c.at(t),
            d,
            state,
            y.data(),
            y.at(t) + d);
      }
    }
    if (d < to && rest != null) {
      rest.apply(u, dt, b, c, y, d, to, scratch);
    }
  }

  /** One token of the recurrence: updates all states of a vector of channels and computes y. */
  private void recur(
      float[] u,
      int uAt,
      float[] delta,
      float[] decay,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int channel,
      float[] state,
      float[] y,
      int yAt) {
    FloatVector input = FloatVector.fromArray(SPECIES, u, uAt);
    FloatVector driven = FloatVector.fromArray(SPECIES, delta, 0).mul(input);
    FloatVector result = FloatVector.fromArray(SPECIES, skip, channel).mul(input);
    for (int n = 0; n < states; n++) {
      FloatVector h =
          FloatVector.fromArray(SPECIES, decay, n * LANES)
              .fma(FloatVector.fromArray(SPECIES, state, n * LANES), driven.mul(b[bAt + n]));
      h.intoArray(state, n * LANES);
      result = h.fma(FloatVector.broadcast(SPECIES, c[cAt + n]), result);
    }
    result.intoArray(y, yAt);
  }
}
