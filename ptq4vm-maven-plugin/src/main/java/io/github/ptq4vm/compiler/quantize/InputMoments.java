package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import io.github.ptq4vm.network.Rotation;
import java.util.Arrays;

/**
 * Second moments of a linear's inputs behind rotation and smoothing, summed up batch after batch:
 * of the quantized inputs on the quantized stream with themselves, and of the float inputs on the
 * float stream with them. A batch's products are of float32, their sums over batches of doubles.
 */
final class InputMoments {
  private final TensorInterpreter interpreter;
  private final LinearQuantizer quantizer;
  private final int channels;
  private final float[] reciprocal;
  private final double[] quantized;
  private final double[] crossed;
  private final float[] product;

  InputMoments(TensorInterpreter interpreter, LinearQuantizer quantizer) {
    this.interpreter = interpreter;
    this.quantizer = quantizer;
    this.channels = quantizer.linear().inFeatures();
    this.reciprocal = quantizer.reciprocalSmoothing();
    int size = Math.multiplyExact(channels, channels);
    this.quantized = new double[size];
    this.crossed = new double[size];
    this.product = new float[size];
  }

  /** Memory the moments of so many channels take, with what is made of them. */
  static long bytes(int channels) {
    return (3L * Double.BYTES + Float.BYTES) * channels * channels;
  }

  /** {@code [c][d]}: sum over rows of quantized c times quantized d. */
  double[] quantized() {
    return quantized;
  }

  /** {@code [c][d]}: sum over rows of float c times quantized d. */
  double[] crossed() {
    return crossed;
  }

  /**
   * Adds a batch.
   *
   * @param exact the linear's inputs on the float stream; overwritten
   * @param seen its inputs on the quantized stream
   */
  void add(int rows, float[] exact, float[] seen) {
    float[] values = Arrays.copyOf(seen, rows * channels);
    if (quantizer.precision().rotation() == Rotation.HADAMARD) {
      interpreter.rotation(channels).apply(rows, exact, exact);
      interpreter.rotation(channels).apply(rows, values, values);
    }
    quantize(rows, values);
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        exact[row * channels + c] *= reciprocal[c];
      }
    }
    add(rows, values, values, quantized);
    add(rows, exact, values, crossed);
  }

  private void quantize(int rows, float[] values) {
    int limit = quantizer.precision().activationLimit();
    InputScale.Static scales =
        quantizer.inputScale().of(interpreter, rows, values, reciprocal, limit);
    interpreter
        .quantizeKernel()
        .activations(
            rows,
            channels,
            values,
            reciprocal,
            scales.step(),
            scales.zeroPoint(),
            limit,
            true,
            values);
  }

  private void add(int rows, float[] left, float[] right, double[] sums) {
    interpreter
        .torch()
        .multiply(
            Matrix.transposed(left, rows, channels), Matrix.of(right, rows, channels), product);
    for (int i = 0; i < sums.length; i++) {
      sums[i] += product[i];
    }
  }
}
