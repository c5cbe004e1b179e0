package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Quantized linear: codes, 32 bit sums, and one scaling of each sum. */
final class ScalarQuantizedLinear implements CpuKernels.QuantizedLinear {
  private final QuantizedWeights weights;
  private final ScalarInput input;
  private final int[][] columns;

  ScalarQuantizedLinear(QuantizedWeights weights) {
    this.weights = weights;
    this.input = new ScalarInput(weights);
    int in = weights.inFeatures();
    this.columns = new int[in][weights.outFeatures()];
    for (int o = 0; o < weights.outFeatures(); o++) {
      for (int k = 0; k < in; k++) {
        columns[k][o] = weights.weight()[o * in + k];
      }
    }
  }

  @Override
  public void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch) {
    int[] codes = scratch.ints(0, weights.inFeatures());
    int[] sum = scratch.ints(1, weights.outFeatures());
    for (int t = from; t < to; t++) {
      ScalarInput.RowScale scale = input.quantize(x, first + t - from, t, codes);
      accumulate(codes, sum);
      for (int o = 0; o < weights.outFeatures(); o++) {
        y.data()[y.at(t) + o] = scaled(weights, sum[o], scale.step(), scale.zeroPoint(), o);
      }
    }
  }

  @Override
  public QuantizedTrace trace(Matrix x) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    int[] codes = new int[x.rows() * in];
    int[] sums = new int[x.rows() * out];
    int[] row = new int[in];
    int[] sum = new int[out];
    for (int t = 0; t < x.rows(); t++) {
      input.quantize(x, t, t, row);
      accumulate(row, sum);
      System.arraycopy(row, 0, codes, t * in, in);
      System.arraycopy(sum, 0, sums, t * out, out);
    }
    return new QuantizedTrace(x.rows(), in, out, codes, sums);
  }

  private void accumulate(int[] codes, int[] sum) {
    int out = weights.outFeatures();
    Arrays.fill(sum, 0, out, 0);
    int k = 0;
    for (; k + 4 <= weights.inFeatures(); k += 4) {
      int q0 = codes[k];
      int q1 = codes[k + 1];
      int q2 = codes[k + 2];
      int q3 = codes[k + 3];
      int[] w0 = columns[k];
      int[] w1 = columns[k + 1];
      int[] w2 = columns[k + 2];
      int[] w3 = columns[k + 3];
      for (int o = 0; o < out; o++) {
        sum[o] += q0 * w0[o] + q1 * w1[o] + q2 * w2[o] + q3 * w3[o];
      }
    }
    for (; k < weights.inFeatures(); k++) {
      int q0 = codes[k];
      int[] w0 = columns[k];
      for (int o = 0; o < out; o++) {
        sum[o] += q0 * w0[o];
      }
    }
  }

  /** {@code (sum - zero * rowSum) * (step * weightStep) + bias}. */
  static float scaled(QuantizedWeights weights, int sum, float step, int zero, int o) {
    float centred = sum - zero * weights.rowSum()[o];
    float scale = step * weights.weightStep()[o];
    float @Nullable [] bias = weights.bias();
    return bias == null ? centred * scale : Math.fma(centred, scale, bias[o]);
  }
}
