package io.github.ptq4vm.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Root mean square norm and layer norm with the sums and roundings of {@link ScalarRmsNorm} and
 * {@link ScalarLayerNorm}.
 */
final class VectorNorm implements CpuKernels.Norm {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

  private final float[] weight;
  private final float @Nullable [] bias;
  private final float eps;

  /**
   * A norm.
   *
   * @param bias of a layer norm; null for a root mean square norm
   */
  VectorNorm(float[] weight, float @Nullable [] bias, float eps) {
    this.weight = weight;
    this.bias = bias;
    this.eps = eps;
  }

  @Override
  public void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
    int channels = x.columns();
    float[] lanes = scratch.floats(0, VectorSums.LANES);
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      if (bias == null) {
        float squares = VectorSums.squares(x.data(), xAt, channels, 0f, lanes);
        float factor = ScalarRmsNorm.factor(squares, channels, eps);
        scale(x.data(), xAt, factor, weight, y.data(), y.at(t), channels);
      } else {
        float mean = VectorSums.sum(x.data(), xAt, channels, lanes) / channels;
        float squares = VectorSums.squares(x.data(), xAt, channels, mean, lanes);
        float factor = ScalarRmsNorm.factor(squares, channels, eps);
        shift(x.data(), xAt, mean, factor, weight, bias, y.data(), y.at(t), channels);
      }
    }
  }

  private static void scale(
      float[] x, int xAt, float factor, float[] weight, float[] y, int yAt, int channels) {
    int whole = SPECIES.loopBound(channels);
    for (int c = 0; c < whole; c += VectorMath.LANES) {
      FloatVector.fromArray(SPECIES, x, xAt + c)
          .mul(factor)
          .mul(FloatVector.fromArray(SPECIES, weight, c))
          .intoArray(y, yAt + c);
    }
    for (int c = whole; c < channels; c++) {
      y[yAt + c] = x[xAt + c] * factor * weight[c];
    }
  }

  private static void shift(
      float[] x,
      int xAt,
      float mean,
      float factor,
      float[] weight,
      float[] bias,
      float[] y,
      int yAt,
      int channels) {
    int whole = SPECIES.loopBound(channels);
    for (int c = 0; c < whole; c += VectorMath.LANES) {
      FloatVector.fromArray(SPECIES, x, xAt + c)
          .sub(mean)
          .mul(factor)
          .fma(FloatVector.fromArray(SPECIES, weight, c), FloatVector.fromArray(SPECIES, bias, c))
          .intoArray(y, yAt + c);
    }
    for (int c = whole; c < channels; c++) {
      y[yAt + c] = Math.fma((x[xAt + c] - mean) * factor, weight[c], bias[c]);
    }
  }
}
