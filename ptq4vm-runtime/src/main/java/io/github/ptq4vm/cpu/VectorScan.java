package io.github.ptq4vm.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Selective scan, a tile of tokens after another and in it one vector of channels after another:
 * what a tile needs fits the first-level cache. Decay rates are kept times {@code log2 e}, so that
 * a decay is a power of two.
 */
final class VectorScan implements CpuKernels.Scan {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

  /** Tokens of a tile. */
  private static final int TOKENS = 64;

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
    int whole = from + (to - from) / LANES * LANES;
    float[] state = scratch.floats(0, (whole - from) * states);
    float[] delta = scratch.floats(1, TOKENS * LANES);
    float[] driven = scratch.floats(2, TOKENS * LANES);
    float[] sums = scratch.floats(3, TOKENS * LANES);
    int[] inputs = scratch.ints(0, TOKENS);
    int[] outputs = scratch.ints(1, TOKENS);
    Arrays.fill(state, 0, (whole - from) * states, 0f);
    for (int first = 0; first < u.rows(); first += TOKENS) {
      int tokens = Math.min(TOKENS, u.rows() - first);
      starts(u, inputRows, first, tokens, inputs);
      starts(y, outputRows, first, tokens, outputs);
      for (int d = from; d < whole; d += LANES) {
        load(dt.data(), dt.at(first) + d, dt.stride(), driven, tokens);
        VectorMath.softplus(driven, 0, delta, 0, tokens * LANES);
        drive(u.data(), inputs, d, delta, driven, sums, tokens);
        VectorRecurrence.run(
            states,
            rates,
            d * states,
            state,
            (d - from) * states,
            delta,
            driven,
            b.data(),
            b.at(first),
            b.stride(),
            c.data(),
            c.at(first),
            c.stride(),
            sums,
            tokens);
        store(sums, y.data(), outputs, d, tokens);
      }
    }
    if (whole < to && rest != null) {
      rest.apply(u, inputRows, dt, b, c, y, outputRows, whole, to, scratch);
    }
  }

  /** Where the rows of a tile's tokens start. */
  private static void starts(
      Matrix matrix, int @Nullable [] rows, int first, int tokens, int[] starts) {
    for (int t = 0; t < tokens; t++) {
      starts[t] = matrix.at(rows == null ? first + t : rows[first + t]);
    }
  }

  private static void load(float[] x, int at, int stride, float[] tile, int tokens) {
    for (int t = 0; t < tokens; t++) {
      FloatVector.fromArray(SPECIES, x, at + t * stride).intoArray(tile, t * LANES);
    }
  }

  private static void store(float[] tile, float[] y, int[] rows, int channel, int tokens) {
    for (int t = 0; t < tokens; t++) {
      FloatVector.fromArray(SPECIES, tile, t * LANES).intoArray(y, rows[t] + channel);
    }
  }

  /** What drives the states, and the sums' first terms. */
  private void drive(
      float[] u, int[] rows, int channel, float[] delta, float[] driven, float[] sums, int tokens) {
    FloatVector factor = FloatVector.fromArray(SPECIES, skip, channel);
    for (int t = 0; t < tokens; t++) {
      FloatVector input = FloatVector.fromArray(SPECIES, u, rows[t] + channel);
      FloatVector.fromArray(SPECIES, delta, t * LANES).mul(input).intoArray(driven, t * LANES);
      factor.mul(input).intoArray(sums, t * LANES);
    }
  }
}
