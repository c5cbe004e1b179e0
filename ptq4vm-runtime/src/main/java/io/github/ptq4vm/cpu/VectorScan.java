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
    int tokens = u.rows();
    float[] state = scratch.floats(0, states * LANES);
    float[] delta = scratch.floats(1, tokens * LANES);
    float[] driven = scratch.floats(2, tokens * LANES);
    int d = from;
    for (; d + LANES <= to; d += LANES) {
      Arrays.fill(state, 0, states * LANES, 0f);
      prepare(u, dt, y, d, delta, driven);
      recur(b, c, y, d, delta, driven, state);
    }
    if (d < to && rest != null) {
      rest.apply(u, dt, b, c, y, d, to, scratch);
    }
  }

  // Two methods, because the JIT compiler stops inlining in a method that holds both, and a vector
  // that crosses a call is allocated on the heap.

  /** What does not depend on the states: {@code delta}, {@code delta*u} and {@code skip*u}. */
  private void prepare(Matrix u, Matrix dt, Matrix y, int d, float[] delta, float[] driven) {
    FloatVector gain = FloatVector.fromArray(SPECIES, skip, d);
    for (int t = 0; t < u.rows(); t++) {
      FloatVector input = FloatVector.fromArray(SPECIES, u.data(), u.at(t) + d);
      FloatVector step =
          VectorMath.softplus(FloatVector.fromArray(SPECIES, dt.data(), dt.at(t) + d));
      step.intoArray(delta, t * LANES);
      step.mul(input).intoArray(driven, t * LANES);
      gain.mul(input).intoArray(y.data(), y.at(t) + d);
    }
  }

  /** The recurrence; adds the states' part to y. */
  private void recur(
      Matrix b, Matrix c, Matrix y, int d, float[] delta, float[] driven, float[] state) {
    for (int t = 0; t < y.rows(); t++) {
      FloatVector step = FloatVector.fromArray(SPECIES, delta, t * LANES);
      FloatVector input = FloatVector.fromArray(SPECIES, driven, t * LANES);
      FloatVector result = FloatVector.fromArray(SPECIES, y.data(), y.at(t) + d);
      int rate = d * states;
      int bAt = b.at(t);
      int cAt = c.at(t);
      for (int n = 0; n < states; n++) {
        FloatVector decay =
            VectorMath.exp2(step.mul(FloatVector.fromArray(SPECIES, rates, rate + n * LANES)));
        FloatVector h =
            decay.fma(
                FloatVector.fromArray(SPECIES, state, n * LANES), input.mul(b.data()[bAt + n]));
        h.intoArray(state, n * LANES);
        result = h.fma(VectorMath.broadcast(c.data()[cAt + n]), result);
      }
      result.intoArray(y.data(), y.at(t) + d);
    }
  }
}
