package io.github.ptq4vm.cpu;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Float32 linear: sums over input channels in ascending order, each product added with one rounding
 * (fused multiply-add), the bias last.
 */
final class ScalarLinear implements CpuKernels.Linear {
  private final float[][] columns;
  private final float @Nullable [] bias;
  private final int outFeatures;
  private final int inFeatures;

  ScalarLinear(float[] weight, float @Nullable [] bias, int outFeatures, int inFeatures) {
    this.columns = ScalarKernels.transpose(weight, outFeatures, inFeatures);
    this.bias = bias;
    this.outFeatures = outFeatures;
    this.inFeatures = inFeatures;
  }

  @Override
  public void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch) {
    float[] sum = scratch.floats(0, outFeatures);
    for (int t = from; t < to; t++) {
      Arrays.fill(sum, 0, outFeatures, 0f);
      accumulate(x.data(), x.at(first + t - from), sum);
      if (bias != null) {
        for (int o = 0; o < outFeatures; o++) {
          sum[o] += bias[o];
        }
      }
      System.arraycopy(sum, 0, y.data(), y.at(t), outFeatures);
    }
  }

  /** Four input channels a pass, so that a sum is loaded and stored once for four products. */
  private void accumulate(float[] x, int row, float[] sum) {
    int k = 0;
    for (; k + 4 <= inFeatures; k += 4) {
      float x0 = x[row + k];
      float x1 = x[row + k + 1];
      float x2 = x[row + k + 2];
      float x3 = x[row + k + 3];
      float[] w0 = columns[k];
      float[] w1 = columns[k + 1];
      float[] w2 = columns[k + 2];
      float[] w3 = columns[k + 3];
      for (int o = 0; o < outFeatures; o++) {
        float s = Math.fma(x0, w0[o], sum[o]);
        s = Math.fma(x1, w1[o], s);
        s = Math.fma(x2, w2[o], s);
        sum[o] = Math.fma(x3, w3[o], s);
      }
    }
    for (; k < inFeatures; k++) {
      float x0 = x[row + k];
      float[] w0 = columns[k];
      for (int o = 0; o < outFeatures; o++) {
        sum[o] = Math.fma(x0, w0[o], sum[o]);
      }
    }
  }
}
