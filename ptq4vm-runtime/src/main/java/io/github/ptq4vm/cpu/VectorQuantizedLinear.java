package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;

/**
 * Quantized linear on the Vector API: codes of some rows, sums of a tile after the other by a
 * {@link VectorProduct}, each tile scaled while it is in the first cache.
 */
final class VectorQuantizedLinear implements CpuKernels.QuantizedLinear {
  private static final int PANEL = VectorProduct.PANEL;

  private final QuantizedWeights weights;
  private final VectorInput input;
  private final VectorProduct product;
  private final VectorScaling scaling;

  VectorQuantizedLinear(QuantizedWeights weights) {
    this.weights = weights;
    this.input = new VectorInput(weights);
    this.product =
        VectorShortProduct.suits(weights)
            ? new VectorShortProduct(weights)
            : new VectorFloatProduct(weights);
    this.scaling = new VectorScaling(weights);
  }

  @Override
  public int rowsPerPart(int rows) {
    return VectorTile.rowsPerPart(rows);
  }

  @Override
  public void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch) {
    int stride = input.stride();
    float[] sums = scratch.floats(0, product.rows() * PANEL);
    float[] codes = scratch.floats(1, (to - from) * stride + VectorInput.SPARE);
    float[] steps = scratch.floats(2, to - from);
    float[] zeroPoints = scratch.floats(3, to - from);
    input.quantize(x, first, from, to, codes, steps, zeroPoints, scratch, 4);
    product.load(codes, stride, to - from, scratch);
    for (int r = 0; r < to - from; r++) {
      zeroPoints[r] = product.offset() - zeroPoints[r];
    }
    boolean exact = product.range() >= weights.inFeatures();
    for (int channel = 0; channel < weights.outFeatures(); channel += PANEL) {
      for (int row = 0; row < to - from; row += product.rows()) {
        int rows = Math.min(product.rows(), to - from - row);
        if (exact) {
          product.multiply(
              codes, stride, row, rows, channel, 0, weights.inFeatures(), sums, scratch);
          scaling.apply(sums, steps, zeroPoints, row, rows, channel, y, from + row);
        } else {
          int[] totals = totals(codes, stride, row, rows, channel, sums, scratch);
          scale(totals, steps, zeroPoints, row, rows, channel, y, from + row);
        }
      }
    }
  }

  private void scale(
      int[] totals,
      float[] steps,
      float[] minusZeroPoints,
      int row,
      int rows,
      int channel,
      Matrix y,
      int yRow) {
    int width = Math.min(PANEL, weights.outFeatures() - channel);
    for (int r = 0; r < rows; r++) {
      int zeroPoint = -(int) minusZeroPoints[row + r];
      int at = y.at(yRow + r) + channel;
      for (int j = 0; j < width; j++) {
        y.data()[at + j] =
            ScalarQuantizedLinear.scaled(
                weights, totals[r * PANEL + j], steps[row + r], zeroPoint, channel + j);
      }
    }
  }

  /** Sums of a tile range by range, added as ints. */
  private int[] totals(
      float[] codes, int stride, int row, int rows, int channel, float[] sums, Scratch scratch) {
    int count = rows * PANEL;
    int[] totals = scratch.ints(1, count);
    Arrays.fill(totals, 0, count, 0);
    int in = weights.inFeatures();
    for (int k = 0; k < in; k += product.range()) {
      int length = Math.min(product.range(), in - k);
      product.multiply(codes, stride, row, rows, channel, k, length, sums, scratch);
      for (int i = 0; i < count; i++) {
        totals[i] += (int) sums[i];
      }
    }
    return totals;
  }

  @Override
  public QuantizedTrace trace(Matrix x) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    int tokens = x.rows();
    int stride = input.stride();
    Scratch scratch = new Scratch();
    float[] sums = new float[product.rows() * PANEL];
    float[] padded = new float[tokens * stride + VectorInput.SPARE];
    input.quantize(x, 0, 0, tokens, padded, new float[tokens], new float[tokens], scratch, 4);
    int[] codes = new int[tokens * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (int) padded[i / in * stride + i % in];
    }
    product.load(padded, stride, tokens, scratch);
    int[] accumulators = new int[tokens * out];
    for (int channel = 0; channel < out; channel += PANEL) {
      for (int row = 0; row < tokens; row += product.rows()) {
        int rows = Math.min(product.rows(), tokens - row);
        int[] totals = totals(padded, stride, row, rows, channel, sums, scratch);
        for (int r = 0; r < rows; r++) {
          for (int o = channel; o < Math.min(out, channel + PANEL); o++) {
            accumulators[(row + r) * out + o] =
                totals[r * PANEL + o - channel] + product.offset() * weights.rowSum()[o];
          }
        }
      }
    }
    return new QuantizedTrace(tokens, in, out, codes, accumulators);
  }
}
