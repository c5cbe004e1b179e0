package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;

/**
 * Products with sums of 16 bits, for codes and weights of few bits. Input channels are cut into
 * ranges over which no sum with these weights can leave 16 bits; the ranges' sums are added as
 * floats, which are exact up to 2^24.
 */
final class VectorShortProduct implements VectorProduct {
  /** Shortest worst case of a range with which shorts are faster than floats. */
  private static final int WORTHWHILE = 16;

  /** Fewest input channels with which a tile's sums are not mostly widening. */
  private static final int CHANNELS = 48;

  private static final int EXACT = 1 << 24;

  private final short[] packed;
  private final int inFeatures;
  private final int pairsPerRow;
  private final int offset;

  /** Where ranges start, and the end of the last. */
  private final int[] cuts;

  VectorShortProduct(QuantizedWeights weights) {
    this.inFeatures = weights.inFeatures();
    this.packed = VectorShortTile.pack(weights.weight(), weights.outFeatures(), inFeatures);
    this.pairsPerRow = VectorShortTile.pairs(inFeatures);
    this.offset = offset(weights);
    this.cuts = cuts(weights);
  }

  /** Whether the product is exact for such weights, and faster than in floats. */
  static boolean suits(QuantizedWeights weights) {
    int largestWeight = 1;
    for (byte weight : weights.weight()) {
      largestWeight = Math.max(largestWeight, Math.abs(weight));
    }
    long largestRow = 0;
    for (int magnitude : weights.rowMagnitude()) {
      largestRow = Math.max(largestRow, magnitude);
    }
    return weights.inFeatures() >= CHANNELS
        && Short.MAX_VALUE / (largestWeight * offset(weights)) >= WORTHWHILE
        && largestRow * offset(weights) <= EXACT;
  }

  /** Codes around zero have half the magnitude of those from zero. */
  private static int offset(QuantizedWeights weights) {
    return (weights.inputLimit() + 1) / 2;
  }

  private static int[] cuts(QuantizedWeights weights) {
    int in = weights.inFeatures();
    int limit = Short.MAX_VALUE / offset(weights);
    int pairs = VectorShortTile.pairs(in);
    // Of each pair's channels one after the other, the magnitudes of all rows' weights.
    byte[][] first = new byte[pairs][weights.outFeatures()];
    byte[][] second = new byte[pairs][weights.outFeatures()];
    for (int k = 0; k < in; k++) {
      byte[][] half = k / VectorMath.LANES % 2 == 0 ? first : second;
      for (int o = 0; o < weights.outFeatures(); o++) {
        half[VectorShortTile.pairOf(k)][o] = (byte) Math.abs(weights.weight()[o * in + k]);
      }
    }
    int[] cuts = new int[pairs + 1];
    int ranges = 0;
    int[] firstSum = new int[weights.outFeatures()];
    int[] secondSum = new int[weights.outFeatures()];
    for (int i = 0; i < pairs; i++) {
      if (add(first[i], firstSum, limit) | add(second[i], secondSum, limit)) {
        ranges++;
        cuts[ranges] = i;
        Arrays.fill(firstSum, 0);
        Arrays.fill(secondSum, 0);
        add(first[i], firstSum, limit);
        add(second[i], secondSum, limit);
      }
    }
    cuts[ranges + 1] = pairs;
    return Arrays.copyOf(cuts, ranges + 2);
  }

  /** Adds magnitudes to sums and says whether one has become too large. */
  private static boolean add(byte[] magnitudes, int[] sums, int limit) {
    boolean above = false;
    for (int o = 0; o < sums.length; o++) {
      sums[o] += magnitudes[o];
      above |= sums[o] > limit;
    }
    return above;
  }

  @Override
  public int rows() {
    return VectorShortTile.ROWS;
  }

  @Override
  public int offset() {
    return offset;
  }

  @Override
  public int range() {
    return inFeatures;
  }

  @Override
  public void load(float[] codes, int stride, int rows, Scratch scratch) {
    int[] pairs = scratch.ints(0, (rows + VectorShortTile.ROWS) * pairsPerRow);
    for (int r = 0; r < rows; r++) {
      VectorShortTile.pair(codes, r * stride, offset, pairs, r * pairsPerRow, pairsPerRow);
    }
  }

  @Override
  public void multiply(
      float[] codes,
      int stride,
      int row,
      int rows,
      int channel,
      int from,
      int length,
      float[] sums,
      Scratch scratch) {
    int[] pairs = scratch.ints(0, 0);
    int size = VectorShortTile.ROWS * VectorShortTile.PANEL;
    short[] shorts = scratch.shorts(0, 2 * size);
    int panel = channel * 2 * pairsPerRow;
    for (int i = 0; i + 1 < cuts.length; i++) {
      int cut = cuts[i];
      VectorShortTile.multiply(
          pairs,
          row * pairsPerRow + cut,
          pairsPerRow,
          packed,
          panel + cut * 2 * VectorShortTile.PANEL,
          cuts[i + 1] - cut,
          shorts);
      if (i == 0) {
        VectorShortTile.widen(shorts, size, sums);
      } else {
        VectorShortTile.addTo(shorts, size, sums);
      }
    }
  }
}
