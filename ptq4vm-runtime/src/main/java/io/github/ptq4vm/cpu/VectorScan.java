package io.github.ptq4vm.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Selective scan, a tile of tokens after another and in it one vector of channels after another:
 * what a tile needs fits the first-level cache. Each state of a vector walks through the tile in a
 * register. Decay rates are kept times {@code log2 e}, so that a decay is a power of two.
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
      Matrix u, Matrix dt, Matrix b, Matrix c, Matrix y, int from, int to, Scratch scratch) {
    int whole = from + (to - from) / LANES * LANES;
    float[] state = scratch.floats(0, (whole - from) * states);
    float[] delta = scratch.floats(1, TOKENS * LANES);
    float[] driven = scratch.floats(2, TOKENS * LANES);
    float[] sums = scratch.floats(3, TOKENS * LANES);
    Arrays.fill(state, 0, (whole - from) * states, 0f);
    for (int first = 0; first < u.rows(); first += TOKENS) {
      int tokens = Math.min(TOKENS, u.rows() - first);
      for (int d = from; d < whole; d += LANES) {
        rows(dt.data(), dt.at(first) + d, dt.stride(), driven, tokens);
        VectorMath.softplus(driven, 0, delta, 0, tokens * LANES);
        drive(u.data(), u.at(first) + d, u.stride(), skip, d, delta, driven, sums, tokens);
        for (int n = 0; n < states; n++) {
          recur(
              rates,
              d * states + n * LANES,
              delta,
              driven,
              b.data(),
              b.at(first) + n,
              b.stride(),
              c.data(),
              c.at(first) + n,
              c.stride(),
              state,
              (d - from) * states + n * LANES,
              sums,
              tokens);
        }
        store(sums, y.data(), y.at(first) + d, y.stride(), tokens);
      }
    }
    if (whole < to && rest != null) {
      rest.apply(u, dt, b, c, y, whole, to, scratch);
    }
  }

  private static void rows(float[] x, int at, int stride, float[] tile, int tokens) {
    for (int t = 0; t < tokens; t++) {
      FloatVector.fromArray(SPECIES, x, at + t * stride).intoArray(tile, t * LANES);
    }
  }

  private static void store(float[] tile, float[] y, int at, int stride, int tokens) {
    for (int t = 0; t < tokens; t++) {
      FloatVector.fromArray(SPECIES, tile, t * LANES).intoArray(y, at + t * stride);
    }
  }

  /** What drives the states, and the sums' first terms. */
  private static void drive(
      float[] u,
      int at,
      int stride,
      float[] skip,
      int channel,
      float[] delta,
      float[] driven,
      float[] sums,
      int tokens) {
    FloatVector factor = FloatVector.fromArray(SPECIES, skip, channel);
    for (int t = 0; t < tokens; t++) {
      FloatVector input = FloatVector.fromArray(SPECIES, u, at + t * stride);
      FloatVector.fromArray(SPECIES, delta, t * LANES).mul(input).intoArray(driven, t * LANES);
      factor.mul(input).intoArray(sums, t * LANES);
    }
  }

  /** One state of a vector of channels through a tile; adds its part of the sums. */
  private static void recur(
      float[] rates,
      int rate,
      float[] delta,
      float[] driven,
      float[] b,
      int bAt,
      int bStride,
      float[] c,
      int cAt,
      int cStride,
      float[] state,
      int stateAt,
      float[] sums,
      int tokens) {
    FloatVector a = FloatVector.fromArray(SPECIES, rates, rate);
    FloatVector h = FloatVector.fromArray(SPECIES, state, stateAt);
    for (int t = 0; t < tokens; t++) {
      FloatVector product = FloatVector.fromArray(SPECIES, delta, t * LANES).mul(a);
      FloatVector bounded =
          product.reinterpretAsInts().min(VectorMath.LOWEST_POWER).reinterpretAsFloats();
      FloatVector rounded = bounded.add(VectorMath.ROUNDER);
      FloatVector f = bounded.sub(rounded.sub(VectorMath.ROUNDER));
      FloatVector p = f.fma(VectorMath.P5, VectorMath.P4);
      p = p.fma(f, VectorMath.P3);
      p = p.fma(f, VectorMath.P2);
      p = p.fma(f, VectorMath.P1);
      p = p.fma(f, VectorMath.ONE);
      IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector decay = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
      h =
          decay.fma(
              h, FloatVector.fromArray(SPECIES, driven, t * LANES).mul(b[bAt + t * bStride]));
      h.fma(
              FloatVector.broadcast(SPECIES, c[cAt + t * cStride]),
              FloatVector.fromArray(SPECIES, sums, t * LANES))
          .intoArray(sums, t * LANES);
    }
    h.intoArray(state, stateAt);
  }
}
