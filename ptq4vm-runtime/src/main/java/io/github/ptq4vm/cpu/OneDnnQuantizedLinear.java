package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;

/** Quantized linear with oneDNN's integer product between the vector kernels' input and output. */
final class OneDnnQuantizedLinear implements CpuKernels.QuantizedLinear {
  /** Rows a part of the work has at most: the library packs the weights anew for each. */
  private static final int ROWS = 104;

  private final QuantizedWeights weights;
  private final VectorInput input;
  private final OneDnnProduct product;
  private final VectorScaling scaling;

  OneDnnQuantizedLinear(QuantizedWeights weights) {
    this.weights = weights;
    this.input = new VectorInput(weights);
    this.product = new OneDnnProduct(weights.weight(), weights.outFeatures(), weights.inFeatures());
    this.scaling = new VectorScaling(weights);
  }

  @Override
  public int rowsPerPart(int rows) {
    int parts = 2 * ((rows + 2 * ROWS - 1) / (2 * ROWS));
    return (rows + parts - 1) / parts;
  }

  @Override
  public void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch) {
    int rows = to - from;
    int out = weights.outFeatures();
    float[] codes = scratch.floats(1, rows * input.stride() + OneDnnProduct.SPARE);
    float[] steps = scratch.floats(2, rows);
    float[] zeroPoints = scratch.floats(3, rows);
    input.quantize(x, first, from, to, codes, steps, zeroPoints, scratch, 4);
    product.multiply(codes, input.stride(), rows, scratch);
    int[] sums = scratch.ints(1, scaling.padded());
    for (int r = 0; r < rows; r++) {
      product.sums(r, 0, out, sums, scratch);
      scaling.apply(sums, steps[r], (int) zeroPoints[r], y.data(), y.at(from + r), scratch);
    }
  }

  @Override
  public QuantizedTrace trace(Matrix x) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    int rows = x.rows();
    Scratch scratch = new Scratch();
    float[] codes = new float[rows * input.stride() + OneDnnProduct.SPARE];
    input.quantize(x, 0, 0, rows, codes, new float[rows], new float[rows], scratch, 4);
    product.multiply(codes, input.stride(), rows, scratch);
    int[] integers = new int[rows * in];
    int[] accumulators = new int[rows * out];
    int[] sums = new int[out];
    for (int r = 0; r < rows; r++) {
      for (int k = 0; k < in; k++) {
        integers[r * in + k] = (int) codes[r * input.stride() + k];
      }
      product.sums(r, 0, out, sums, scratch);
      System.arraycopy(sums, 0, accumulators, r * out, out);
    }
    return new QuantizedTrace(rows, in, out, integers, accumulators);
  }
}
