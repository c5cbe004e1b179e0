package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.QuantizedWeights;
import org.jspecify.annotations.Nullable;

/**
 * The reference provider: plain loops that read like the formulas of {@code docs/numerics.md}.
 * Inner loops run over whole arrays with one index, the form the JIT compiler vectorizes by itself.
 */
final class ScalarKernels implements CpuKernels {

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public Linear linear(float[] weight, float @Nullable [] bias, int outFeatures, int inFeatures) {
    return new ScalarLinear(weight, bias, outFeatures, inFeatures);
  }

  @Override
  public QuantizedLinear linear(QuantizedWeights weights) {
    return new ScalarQuantizedLinear(weights);
  }

  @Override
  public Convolution convolution(
      float[] weight, float[] bias, int channels, int width, Activation activation) {
    return new ScalarConvolution(weight, bias, channels, width, activation);
  }

  @Override
  public Convolution depthwise(
      float[] weight,
      float @Nullable [] bias,
      int channels,
      GridWindow window,
      Activation activation) {
    return new ScalarDepthwise(weight, bias, channels, window, activation);
  }

  @Override
  public Scan scan(float[] aLog, float[] skip, int channels, int states) {
    return new ScalarScan(aLog, skip, channels, states);
  }

  @Override
  public Norm rmsNorm(float[] weight, float eps) {
    return new ScalarRmsNorm(weight, eps);
  }

  @Override
  public Norm layerNorm(float[] weight, float[] bias, float eps) {
    return new ScalarLayerNorm(weight, bias, eps);
  }

  @Override
  public void add(Matrix a, Matrix b, float factor, Matrix y, int from, int to) {
    for (int t = from; t < to; t++) {
      int aAt = a.at(t);
      int bAt = b.at(t);
      int yAt = y.at(t);
      for (int c = 0; c < y.columns(); c++) {
        y.data()[yAt + c] = (a.data()[aAt + c] + b.data()[bAt + c]) * factor;
      }
    }
  }

  @Override
  public void activate(
      Activation activation, Matrix x, Matrix y, int from, int to, Scratch scratch) {
    int columns = x.columns();
    float[] row = scratch.floats(0, columns);
    for (int t = from; t < to; t++) {
      System.arraycopy(x.data(), x.at(t), row, 0, columns);
      ScalarActivation.apply(activation, row, columns);
      System.arraycopy(row, 0, y.data(), y.at(t), columns);
    }
  }

  @Override
  public void gate(Matrix x, Matrix gate, Matrix y, int from, int to, Scratch scratch) {
    int columns = x.columns();
    float[] row = scratch.floats(0, columns);
    float[] gateRow = scratch.floats(1, columns);
    for (int t = from; t < to; t++) {
      System.arraycopy(x.data(), x.at(t), row, 0, columns);
      System.arraycopy(gate.data(), gate.at(t), gateRow, 0, columns);
      for (int c = 0; c < columns; c++) {
        row[c] *= Elementary.silu(gateRow[c]);
      }
      System.arraycopy(row, 0, y.data(), y.at(t), columns);
    }
  }

  /** Rows of the transpose: {@code [columns][rows]} of a row-major {@code [rows, columns]}. */
  static float[][] transpose(float[] matrix, int rows, int columns) {
    float[][] transposed = new float[columns][rows];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        transposed[c][r] = matrix[r * columns + c];
      }
    }
    return transposed;
  }
}
