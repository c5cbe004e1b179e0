package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** Float32 linear with the sums and roundings of {@link ScalarLinear}, tile by tile. */
final class VectorLinear implements CpuKernels.Linear {
  private static final int PANEL = VectorTile.PANEL;

  private final float[] packed;
  private final float @Nullable [] bias;
  private final int outFeatures;
  private final int inFeatures;

  VectorLinear(float[] weight, float @Nullable [] bias, int outFeatures, int inFeatures) {
    this.packed = VectorTile.pack(weight, outFeatures, inFeatures);
    this.bias = bias;
    this.outFeatures = outFeatures;
    this.inFeatures = inFeatures;
  }

  @Override
  public void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch) {
    float[] sums = scratch.floats(0, VectorTile.ROWS * PANEL);
    float[] tiles = scratch.floats(1, VectorTile.interleavedSize(to - from, inFeatures));
    VectorTile.interleave(x.data(), x.at(first), x.stride(), to - from, inFeatures, tiles);
    for (int panel = 0; panel < outFeatures; panel += PANEL) {
      int width = Math.min(PANEL, outFeatures - panel);
      for (int t = from; t < to; t += VectorTile.ROWS) {
        int rows = Math.min(VectorTile.ROWS, to - t);
        VectorTile.multiply(
            tiles, (t - from) * inFeatures, packed, panel * inFeatures, inFeatures, sums);
        for (int r = 0; r < rows; r++) {
          store(sums, r * PANEL, y.data(), y.at(t + r) + panel, panel, width);
        }
      }
    }
  }

  private void store(float[] sums, int row, float[] y, int at, int first, int width) {
    int lanes = VectorMath.LANES;
    int j = 0;
    for (; j + lanes <= width; j += lanes) {
      FloatVector sum = FloatVector.fromArray(VectorMath.SPECIES, sums, row + j);
      if (bias != null) {
        sum = sum.add(FloatVector.fromArray(VectorMath.SPECIES, bias, first + j));
      }
      sum.intoArray(y, at + j);
    }
    for (; j < width; j++) {
      y[at + j] = bias == null ? sums[row + j] : sums[row + j] + bias[first + j];
    }
  }
}
