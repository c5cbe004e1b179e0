package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.QuantizedWeights;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** The provider on the Vector API. Must only be touched where the incubating module is present. */
class VectorKernels implements CpuKernels {

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
  public void activate(
      Activation activation, Matrix x, Matrix y, int from, int to, Scratch scratch) {
    for (int t = from; t < to; t++) {
      VectorActivation.apply(activation, x.data(), x.at(t), y.data(), y.at(t), x.columns());
    }
  }

  @Override
  public void gate(Matrix x, Matrix gate, Matrix y, int from, int to, Scratch scratch) {
    float[] factors = scratch.floats(0, VectorMath.LANES);
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      int gateAt = gate.at(t);
      int yAt = y.at(t);
      int c = 0;
      for (; c + VectorMath.LANES <= x.columns(); c += VectorMath.LANES) {
        VectorMath.silu(gate.data(), gateAt + c, factors, 0);
        FloatVector.fromArray(VectorMath.SPECIES, x.data(), xAt + c)
            .mul(FloatVector.fromArray(VectorMath.SPECIES, factors, 0))
            .intoArray(y.data(), yAt + c);
      }
      for (; c < x.columns(); c++) {
        y.data()[yAt + c] = x.data()[xAt + c] * Elementary.silu(gate.data()[gateAt + c]);
      }
    }
  }
}
