package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loop of products of few bits: four rows of the input times a panel of two vectors of
 * output channels, with sums of 16 bits, of which a vector holds twice as many as of floats.
 *
 * <p>Two input channels go together: an int holds both codes, and the lanes of a vector come in
 * pairs, one for each, whose sums are added in the end. An int from memory fills a vector in one
 * instruction on every machine, a short does not; and sums over half the channels need fewer bits.
 */
final class VectorShortTile {
  private VectorShortTile() {}

  private static final VectorSpecies<Float> FLOATS = VectorMath.SPECIES;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SPECIES = ShortVector.SPECIES_PREFERRED;

  /** Output channels of a vector, and the distance of the two channels of an int. */
  private static final int LANES = VectorMath.LANES;

  /** Input rows of a tile. */
  static final int ROWS = 4;

  /** Output channels of a tile. */
  static final int PANEL = 2 * LANES;

  /** Ints that hold the codes of a row. */
  static int pairs(int channels) {
    return (channels + 2 * LANES - 1) / (2 * LANES) * LANES;
  }

  /** The int that holds a channel's code: its low half for the first channels of each range. */
  static int pairOf(int channel) {
    return channel / (2 * LANES) * LANES + channel % LANES;
  }

  /**
   * Weights in the order the loop reads them: {@code [panels][pairs][PANEL][2]}, zeros in channels
   * that do not exist.
   *
   * @param weight row-major {@code [outFeatures, inFeatures]}
   */
  static short[] pack(byte[] weight, int outFeatures, int inFeatures) {
    int panels = VectorTile.panels(outFeatures);
    int pairs = pairs(inFeatures);
    short[] packed = new short[Math.multiplyExact(panels * PANEL * 2, pairs)];
    for (int o = 0; o < outFeatures; o++) {
      int panel = o / PANEL * PANEL * 2 * pairs;
      for (int k = 0; k < inFeatures; k++) {
        int half = k / LANES % 2;
        int place = (pairOf(k) * PANEL + o % PANEL) * 2 + half;
        packed[panel + place] = weight[o * inFeatures + k];
      }
    }
    return packed;
  }

  /**
   * Whole floats of a small magnitude to pairs, less {@code offset}.
   *
   * @param codes a row of them, from index {@code at} on; floats beyond the channels may be
   *     anything if the weights there are zero
   * @param pairs result, from index {@code to} on
   * @param count number of ints, see {@link #pairs}
   */
  static void pair(float[] codes, int at, int offset, int[] pairs, int to, int count) {
    // The low bits of the rounder's sum are the whole number in two's complement.
    FloatVector rounder = FloatVector.broadcast(FLOATS, 0x1.8p23f - offset);
    IntVector low = IntVector.broadcast(INTS, 0xffff);
    for (int i = 0; i < count; i += LANES) {
      FloatVector first = FloatVector.fromArray(FLOATS, codes, at + 2 * i);
      FloatVector second = FloatVector.fromArray(FLOATS, codes, at + 2 * i + LANES);
      first
          .add(rounder)
          .reinterpretAsInts()
          .and(low)
          .or(second.add(rounder).reinterpretAsInts().lanewise(VectorOperators.LSHL, 16))
          .intoArray(pairs, to + i);
    }
  }

  /**
   * Sums of four rows.
   *
   * @param x pairs of codes
   * @param at index of the first row's first pair
   * @param stride distance of rows
   * @param w packed weights
   * @param panel index of the panel's first weight, at the first pair
   * @param length number of pairs; no sum over them may leave 16 bits in either half
   * @param sums result, {@code [4][PANEL][2]}
   */
  static void multiply(
      int[] x, int at, int stride, short[] w, int panel, int length, short[] sums) {
    int at1 = at + stride;
    int at2 = at + 2 * stride;
    int at3 = at + 3 * stride;
    ShortVector s00 = ShortVector.zero(SPECIES);
    ShortVector s01 = s00;
    ShortVector s10 = s00;
    ShortVector s11 = s00;
    ShortVector s20 = s00;
    ShortVector s21 = s00;
    ShortVector s30 = s00;
    ShortVector s31 = s00;
    for (int k = 0; k < length; k++) {
      ShortVector w0 = ShortVector.fromArray(SPECIES, w, panel + k * 2 * PANEL);
      ShortVector w1 = ShortVector.fromArray(SPECIES, w, panel + k * 2 * PANEL + PANEL);
      ShortVector v = IntVector.broadcast(INTS, x[at + k]).reinterpretAsShorts();
      s00 = w0.mul(v).add(s00);
      s01 = w1.mul(v).add(s01);
      v = IntVector.broadcast(INTS, x[at1 + k]).reinterpretAsShorts();
      s10 = w0.mul(v).add(s10);
      s11 = w1.mul(v).add(s11);
      v = IntVector.broadcast(INTS, x[at2 + k]).reinterpretAsShorts();
      s20 = w0.mul(v).add(s20);
      s21 = w1.mul(v).add(s21);
      v = IntVector.broadcast(INTS, x[at3 + k]).reinterpretAsShorts();
      s30 = w0.mul(v).add(s30);
      s31 = w1.mul(v).add(s31);
    }
    s00.intoArray(sums, 0);
    s01.intoArray(sums, PANEL);
    s10.intoArray(sums, 2 * PANEL);
    s11.intoArray(sums, 3 * PANEL);
    s20.intoArray(sums, 4 * PANEL);
    s21.intoArray(sums, 5 * PANEL);
    s30.intoArray(sums, 6 * PANEL);
    s31.intoArray(sums, 7 * PANEL);
  }

  /** Turns {@code count} pairs of sums to the floats of what both add up to. */
  static void widen(short[] sums, int count, float[] widened) {
    for (int i = 0; i < count; i += LANES) {
      IntVector both = ShortVector.fromArray(SPECIES, sums, 2 * i).reinterpretAsInts();
      IntVector second = both.lanewise(VectorOperators.ASHR, 16);
      IntVector first = both.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      ((FloatVector) first.add(second).convert(VectorOperators.I2F, 0)).intoArray(widened, i);
    }
  }

  /** Adds {@code count} pairs of sums to floats. */
  static void addTo(short[] sums, int count, float[] totals) {
    for (int i = 0; i < count; i += LANES) {
      IntVector both = ShortVector.fromArray(SPECIES, sums, 2 * i).reinterpretAsInts();
      IntVector second = both.lanewise(VectorOperators.ASHR, 16);
      IntVector first = both.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      ((FloatVector) first.add(second).convert(VectorOperators.I2F, 0))
          .add(FloatVector.fromArray(FLOATS, totals, i))
          .intoArray(totals, i);
    }
  }
}
