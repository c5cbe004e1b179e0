package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of the selective scan: states of one vector of channels walk through a tile of
 * tokens, each in a register. The decay of a state, {@code 2^(delta * rate)} with the steps of
 * {@link VectorMath}, is computed where it is used. Two states at a time share the loads of what
 * belongs to the token; written out, because a loop over states would keep them in memory.
 */
final class VectorRecurrence {
  private VectorRecurrence() {}

  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;
  private static final FloatVector ROUNDER = VectorMath.ROUNDER;
  private static final FloatVector ONE = VectorMath.ONE;
  private static final FloatVector P1 = VectorMath.P1;
  private static final FloatVector P2 = VectorMath.P2;
  private static final FloatVector P3 = VectorMath.P3;
  private static final FloatVector P4 = VectorMath.P4;
  private static final FloatVector P5 = VectorMath.P5;
  private static final IntVector LOWEST_POWER = VectorMath.LOWEST_POWER;

  /**
   * Runs all states in their order.
   *
   * @param states how many there are
   * @param rates decay rates, a vector for each state, state 0 at {@code rate}
   * @param state the states, a vector each, state 0 at {@code stateAt}; updated
   * @param delta step sizes, a vector for each token
   * @param driven step sizes times inputs, a vector for each token
   * @param b rows of B; state 0 of the first token at {@code bAt}
   * @param c rows of C; state 0 of the first token at {@code cAt}
   * @param sums results so far, a vector for each token; updated
   */
  static void run(
      int states,
      float[] rates,
      int rate,
      float[] state,
      int stateAt,
      float[] delta,
      float[] driven,
      float[] b,
      int bAt,
      int bStride,
      float[] c,
      int cAt,
      int cStride,
      float[] sums,
      int tokens) {
    int n = 0;
    for (; n + 2 <= states; n += 2) {
      two(
          rates,
          rate + n * LANES,
          state,
          stateAt + n * LANES,
          delta,
          driven,
          b,
          bAt + n,
          bStride,
          c,
          cAt + n,
          cStride,
          sums,
          tokens);
    }
    for (; n < states; n++) {
      one(
          rates,
          rate + n * LANES,
          state,
          stateAt + n * LANES,
          delta,
          driven,
          b,
          bAt + n,
          bStride,
          c,
          cAt + n,
          cStride,
          sums,
          tokens);
    }
  }

  private static void one(
      float[] rates,
      int rate,
      float[] state,
      int stateAt,
      float[] delta,
      float[] driven,
      float[] b,
      int bAt,
      int bStride,
      float[] c,
      int cAt,
      int cStride,
      float[] sums,
      int tokens) {
    FloatVector a = FloatVector.fromArray(SPECIES, rates, rate);
    FloatVector h = FloatVector.fromArray(SPECIES, state, stateAt);
    for (int t = 0; t < tokens; t++) {
      FloatVector x = FloatVector.fromArray(SPECIES, delta, t * LANES).mul(a);
      x = x.reinterpretAsInts().min(LOWEST_POWER).reinterpretAsFloats();
      FloatVector rounded = x.add(ROUNDER);
      FloatVector f = x.sub(rounded.sub(ROUNDER));
      FloatVector p = f.fma(P5, P4);
      p = p.fma(f, P3);
      p = p.fma(f, P2);
      p = p.fma(f, P1);
      p = p.fma(f, ONE);
      IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector decay = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
      FloatVector drive = FloatVector.fromArray(SPECIES, driven, t * LANES);
      h = decay.fma(h, drive.mul(b[bAt + t * bStride]));
      FloatVector sum = FloatVector.fromArray(SPECIES, sums, t * LANES);
      h.fma(FloatVector.broadcast(SPECIES, c[cAt + t * cStride]), sum).intoArray(sums, t * LANES);
    }
    h.intoArray(state, stateAt);
  }

  private static void two(
      float[] rates,
      int rate,
      float[] state,
      int stateAt,
      float[] delta,
      float[] driven,
      float[] b,
      int bAt,
      int bStride,
      float[] c,
      int cAt,
      int cStride,
      float[] sums,
      int tokens) {
    FloatVector a0 = FloatVector.fromArray(SPECIES, rates, rate);
    FloatVector a1 = FloatVector.fromArray(SPECIES, rates, rate + LANES);
    FloatVector h0 = FloatVector.fromArray(SPECIES, state, stateAt);
    FloatVector h1 = FloatVector.fromArray(SPECIES, state, stateAt + LANES);
    for (int t = 0; t < tokens; t++) {
      FloatVector step = FloatVector.fromArray(SPECIES, delta, t * LANES);
      FloatVector drive = FloatVector.fromArray(SPECIES, driven, t * LANES);
      FloatVector sum = FloatVector.fromArray(SPECIES, sums, t * LANES);
      int bRow = bAt + t * bStride;
      int cRow = cAt + t * cStride;

      FloatVector x0 = step.mul(a0).reinterpretAsInts().min(LOWEST_POWER).reinterpretAsFloats();
      FloatVector rounded0 = x0.add(ROUNDER);
      FloatVector f0 = x0.sub(rounded0.sub(ROUNDER));
      FloatVector p0 = f0.fma(P5, P4);
      p0 = p0.fma(f0, P3);
      p0 = p0.fma(f0, P2);
      p0 = p0.fma(f0, P1);
      p0 = p0.fma(f0, ONE);
      IntVector exponent0 = rounded0.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector decay0 = p0.reinterpretAsInts().add(exponent0).reinterpretAsFloats();
      h0 = decay0.fma(h0, drive.mul(b[bRow]));
      sum = h0.fma(FloatVector.broadcast(SPECIES, c[cRow]), sum);

      FloatVector x1 = step.mul(a1).reinterpretAsInts().min(LOWEST_POWER).reinterpretAsFloats();
      FloatVector rounded1 = x1.add(ROUNDER);
      FloatVector f1 = x1.sub(rounded1.sub(ROUNDER));
      FloatVector p1 = f1.fma(P5, P4);
      p1 = p1.fma(f1, P3);
      p1 = p1.fma(f1, P2);
      p1 = p1.fma(f1, P1);
      p1 = p1.fma(f1, ONE);
      IntVector exponent1 = rounded1.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector decay1 = p1.reinterpretAsInts().add(exponent1).reinterpretAsFloats();
      h1 = decay1.fma(h1, drive.mul(b[bRow + 1]));
      sum = h1.fma(FloatVector.broadcast(SPECIES, c[cRow + 1]), sum);
      sum.intoArray(sums, t * LANES);
    }
    h0.intoArray(state, stateAt);
    h1.intoArray(state, stateAt + LANES);
  }
}
