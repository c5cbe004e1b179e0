package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;
import jdk.incubator.vector.FloatVector;

/**
 * Products whose integers travel in floats: a float holds every integer up to 2^24, so as long as
 * no sum of products can exceed that, multiply-adds in float32 give the integer sums exactly. The
 * Vector API has no 8 bit dot product; this is faster than its 32 bit integers.
 */
final class VectorFloatProduct implements VectorProduct {
  private static final int EXACT = 1 << 24;

  private final float[] packed;
  private final int inFeatures;
  private final int offset;
  private final int range;

  VectorFloatProduct(QuantizedWeights weights) {
    this.inFeatures = weights.inFeatures();
    float[] floats = new float[weights.weight().length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = weights.weight()[i];
    }
    this.packed = VectorTile.pack(floats, weights.outFeatures(), inFeatures);
    long largest = 1;
    for (int magnitude : weights.rowMagnitude()) {
      largest = Math.max(largest, magnitude);
    }
    // Codes around zero have half the magnitude.
    int half = (weights.inputLimit() + 1) / 2;
    this.offset = largest * weights.inputLimit() <= EXACT ? 0 : half;
    this.range = largest * half <= EXACT ? inFeatures : EXACT / (128 * half);
  }

  @Override
  public int rows() {
    return VectorTile.ROWS;
  }

  @Override
  public int offset() {
    return offset;
  }

  @Override
  public int range() {
    return range;
  }

  @Override
  public void load(float[] codes, int stride, int rows, Scratch scratch) {
    if (offset != 0) {
      for (int i = 0; i < rows * stride; i += VectorMath.LANES) {
        FloatVector.fromArray(VectorMath.SPECIES, codes, i).sub(offset).intoArray(codes, i);
      }
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
    int panel = channel * inFeatures + from * VectorTile.PANEL;
    VectorTile.multiply(codes, row * stride + from, stride, rows, packed, panel, length, sums);
  }
}
