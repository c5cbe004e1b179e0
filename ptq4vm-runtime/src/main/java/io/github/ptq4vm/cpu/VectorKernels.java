package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.QuantizedWeights;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** The provider on the Vector API. Must only be touched where the incubating module is present. */
final class VectorKernels implements CpuKernels {

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public Linear linear(float[] weight, float @Nullable [] bias, int outFeatures, int inFeatures) {
    return new VectorLinear(weight, bias, outFeatures, inFeatures);
  }

  @Override
  public QuantizedLinear linear(QuantizedWeights weights) {
    return new VectorQuantizedLinear(weights);
  }

  @Override
  public Convolution convolution(
      float[] weight, float[] bias, int channels, int width, Activation activation) {
    return new VectorConvolution(weight, bias, channels, width, activation);
  }

  @Override
  public Convolution depthwise(
      float[] weight,
      float @Nullable [] bias,
      int channels,
      GridWindow window,
      Activation activation) {
    return new VectorDepthwise(weight, bias, channels, window, activation);
  }

  @Override
  public Scan scan(float[] aLog, float[] skip, int channels, int states) {
    return new VectorScan(aLog, skip, channels, states);
  }

  @Override
  public Norm rmsNorm(float[] weight, float eps) {
    return new VectorNorm(weight, null, eps);
  }

  @Override
  public Norm layerNorm(float[] weight, float[] bias, float eps) {
    return new VectorNorm(weight, bias, eps);
  }

  @Override
  public void add(Matrix a, Matrix b, float factor, Matrix y, int from, int to) {
    for (int t = from; t < to; t++) {
      add(a.data(), a.at(t), b.data(), b.at(t), factor, y.data(), y.at(t), y.columns());
    }
  }

  private static void add(
      float[] a, int aAt, float[] b, int bAt, float factor, float[] y, int yAt, int columns) {
    int whole = VectorMath.SPECIES.loopBound(columns);
    for (int c = 0; c < whole; c += VectorMath.LANES) {
      FloatVector.fromArray(VectorMath.SPECIES, a, aAt + c)
          .add(FloatVector.fromArray(VectorMath.SPECIES, b, bAt + c))
          .mul(factor)
          .intoArray(y, yAt + c);
    }
    for (int c = whole; c < columns; c++) {
      y[yAt + c] = (a[aAt + c] + b[bAt + c]) * factor;
    }
  }

  @Override
  public void activate(
      Activation activation, Matrix x, Matrix y, int from, int to, Scratch scratch) {
    for (int t = from; t < to; t++) {
      VectorActivation.apply(activation, x.data(), x.at(t), y.data(), y.at(t), x.columns());
    }
  }

  @Override
  public void gate(Matrix x, Matrix gate, Matrix y, int from, int to, Scratch scratch) {
    int columns = x.columns();
    float[] factors = scratch.floats(0, columns);
    for (int t = from; t < to; t++) {
      VectorActivation.apply(Activation.SILU, gate.data(), gate.at(t), factors, 0, columns);
      multiply(x.data(), x.at(t), factors, y.data(), y.at(t), columns);
    }
  }

  private static void multiply(
      float[] x, int xAt, float[] factors, float[] y, int yAt, int columns) {
    int c = 0;
    for (; c + VectorMath.LANES <= columns; c += VectorMath.LANES) {
      FloatVector.fromArray(VectorMath.SPECIES, x, xAt + c)
          .mul(FloatVector.fromArray(VectorMath.SPECIES, factors, c))
          .intoArray(y, yAt + c);
    }
    for (; c < columns; c++) {
      y[yAt + c] = x[xAt + c] * factors[c];
    }
  }
}
