package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loop of every matrix product: six rows of the input times a panel of two vectors of
 * output channels. The twelve sums stay in registers; each step loads two vectors of weights and
 * six single inputs for twelve multiply-adds.
 */
final class VectorTile {
  private VectorTile() {}

  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

  /** Input rows of a tile. */
  static final int ROWS = 6;

  /** Output channels of a tile. */
  static final int PANEL = 2 * LANES;

  /**
   * Rows of one part of a linear's work: an even number of parts, of at most about fifty rows so
   * that codes stay in the second cache, as many as share the reading of the weights.
   */
  static int rowsPerPart(int rows) {
    int tiles = (rows + ROWS - 1) / ROWS;
    int parts = 2 * ((tiles + 15) / 16);
    return (tiles + parts - 1) / parts * ROWS;
  }

  /** Number of panels for so many output channels. */
  static int panels(int outFeatures) {
    return (outFeatures + PANEL - 1) / PANEL;
  }

  /**
   * Weights in the order the loop reads them: {@code [panels][inFeatures][PANEL]}, zeros in the
   * last panel's channels that do not exist.
   *
   * @param weight row-major {@code [outFeatures, inFeatures]}
   */
  static float[] pack(float[] weight, int outFeatures, int inFeatures) {
    float[] packed = new float[Math.multiplyExact(panels(outFeatures) * PANEL, inFeatures)];
    for (int o = 0; o < outFeatures; o++) {
      int panel = o / PANEL * PANEL * inFeatures;
      for (int k = 0; k < inFeatures; k++) {
        packed[panel + k * PANEL + o % PANEL] = weight[o * inFeatures + k];
      }
    }
    return packed;
  }

  /**
   * Sums of six rows.
   *
   * @param x input
   * @param at index of the first row's first channel
   * @param stride distance of rows
   * @param rows rows there are, 1 to 6; sums of the others are those of the last
   * @param w packed weights
   * @param panel index of the panel's first weight, at the first channel
   * @param length number of channels
   * @param sums result, {@code [6][PANEL]}
   */
  static void multiply(
      float[] x, int at, int stride, int rows, float[] w, int panel, int length, float[] sums) {
    int at1 = at + Math.min(1, rows - 1) * stride;
    int at2 = at + Math.min(2, rows - 1) * stride;
    int at3 = at + Math.min(3, rows - 1) * stride;
    int at4 = at + Math.min(4, rows - 1) * stride;
    int at5 = at + Math.min(5, rows - 1) * stride;
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    FloatVector s40 = s00;
    FloatVector s41 = s00;
    FloatVector s50 = s00;
    FloatVector s51 = s00;
    for (int k = 0; k < length; k++) {
      // Two factors instead of PANEL keep the compiler of Java 17 from unrolling the loop, after
      // which the sums would no longer fit the registers: half the speed.
      FloatVector w0 = FloatVector.fromArray(SPECIES, w, panel + k * 2 * LANES);
      FloatVector w1 = FloatVector.fromArray(SPECIES, w, panel + k * 2 * LANES + LANES);
      FloatVector v = FloatVector.broadcast(SPECIES, x[at + k]);
      s00 = v.fma(w0, s00);
      s01 = v.fma(w1, s01);
      v = FloatVector.broadcast(SPECIES, x[at1 + k]);
      s10 = v.fma(w0, s10);
      s11 = v.fma(w1, s11);
      v = FloatVector.broadcast(SPECIES, x[at2 + k]);
      s20 = v.fma(w0, s20);
      s21 = v.fma(w1, s21);
      v = FloatVector.broadcast(SPECIES, x[at3 + k]);
      s30 = v.fma(w0, s30);
      s31 = v.fma(w1, s31);
      v = FloatVector.broadcast(SPECIES, x[at4 + k]);
      s40 = v.fma(w0, s40);
      s41 = v.fma(w1, s41);
      v = FloatVector.broadcast(SPECIES, x[at5 + k]);
      s50 = v.fma(w0, s50);
      s51 = v.fma(w1, s51);
    }
    s00.intoArray(sums, 0);
    s01.intoArray(sums, LANES);
    s10.intoArray(sums, PANEL);
    s11.intoArray(sums, PANEL + LANES);
    s20.intoArray(sums, 2 * PANEL);
    s21.intoArray(sums, 2 * PANEL + LANES);
    s30.intoArray(sums, 3 * PANEL);
    s31.intoArray(sums, 3 * PANEL + LANES);
    s40.intoArray(sums, 4 * PANEL);
    s41.intoArray(sums, 4 * PANEL + LANES);
    s50.intoArray(sums, 5 * PANEL);
    s51.intoArray(sums, 5 * PANEL + LANES);
  }
}
