package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.RotatedLinear;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A quantized linear as the runtime computes it behind its rotation: integer codes, their exact
 * product, then the step sizes ({@code docs/numerics.md}). Float32 products of codes are exact up
 * to 2^24, so long rows are multiplied a stretch of channels at a time.
 */
public final class SimulatedLinear implements LinearExecution {
  private static final int EXACT = 1 << 24;

  private final TensorInterpreter interpreter;
  private final LinearQuantizer quantizer;
  private final float[] reciprocal;
  private final float[] codes;

  /** Quantizes the weight; inputs are then those behind the rotation. */
  public SimulatedLinear(TensorInterpreter interpreter, LinearQuantizer quantizer) {
    this.interpreter = interpreter;
    this.quantizer = quantizer;
    this.reciprocal = quantizer.reciprocalSmoothing();
    this.codes = weightCodes(interpreter, quantizer);
  }

  /** The simulation with its rotation in front, if there is one. */
  public static LinearExecution of(TensorInterpreter interpreter, LinearQuantizer quantizer) {
    return RotatedLinear.wrap(
        interpreter,
        quantizer.precision().rotation(),
        quantizer.linear().inFeatures(),
        new SimulatedLinear(interpreter, quantizer));
  }

  /** Executions of linears for which there are quantizers; the others run in float32. */
  public static TensorInterpreter.Linears all(
      TensorInterpreter interpreter, Map<String, LinearQuantizer> quantizers) {
    Map<String, LinearExecution> executions = new HashMap<>();
    quantizers.forEach((name, quantizer) -> executions.put(name, of(interpreter, quantizer)));
    return linear -> executions.get(linear.output());
  }

  /** Codes of the weight, {@code outFeatures * inFeatures} integers as floats. */
  static float[] weightCodes(TensorInterpreter interpreter, LinearQuantizer quantizer) {
    byte[] fixed = quantizer.fixedCodes();
    if (fixed != null) {
      float[] codes = new float[fixed.length];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = fixed[i];
      }
      return codes;
    }
    float[] weight = quantizer.weight(interpreter);
    float[] codes = new float[weight.length];
    interpreter
        .quantizeKernel()
        .weights(
            quantizer.linear().outFeatures(),
            quantizer.linear().inFeatures(),
            weight,
            quantizer.smoothing(),
            quantizer.weightStep(),
            quantizer.precision().weightLimit(),
            false,
            codes);
    return codes;
  }

  @Override
  public void forward(int rows, float[] x, float[] bias, float[] y) {
    int in = quantizer.linear().inFeatures();
    int out = quantizer.linear().outFeatures();
    InputScale.Static scales = scales(rows, x);
    float[] centred = centredCodes(rows, x, scales);
    if (in <= stretch()) {
      interpreter
          .torch()
          .multiply(Matrix.of(centred, rows, in), Matrix.transposed(codes, out, in), y);
    } else {
      int[] accumulators = accumulators(rows, centred);
      for (int i = 0; i < accumulators.length; i++) {
        y[i] = accumulators[i];
      }
    }
    interpreter
        .parallel()
        .forRange(
            rows,
            (part, from, to) -> {
              for (int row = from; row < to; row++) {
                rescale(row, scales.step()[row % scales.step().length], bias, y);
              }
            });
  }

  /** From exact sums to values, with the runtime's roundings. */
  private void rescale(int row, float step, float[] bias, float[] y) {
    float[] weightStep = quantizer.weightStep();
    int start = row * weightStep.length;
    for (int o = 0; o < weightStep.length; o++) {
      float scale = step * weightStep[o];
      y[start + o] =
          bias.length > 0 ? Math.fma(y[start + o], scale, bias[o]) : y[start + o] * scale;
    }
  }

  /** Channels whose product of codes is exact in float32 whatever the codes. */
  private int stretch() {
    return EXACT / (quantizer.precision().activationLimit() * quantizer.precision().weightLimit());
  }

  /** Step sizes and zero points of the rows of a batch. */
  public InputScale.Static scales(int rows, float[] x) {
    return quantizer
        .inputScale()
        .of(interpreter, rows, x, reciprocal, quantizer.precision().activationLimit());
  }

  /** Input codes less their row's zero point, integers as floats. */
  public float[] centredCodes(int rows, float[] x, InputScale.Static scales) {
    float[] centred = new float[rows * quantizer.linear().inFeatures()];
    interpreter
        .quantizeKernel()
        .activations(
            rows,
            quantizer.linear().inFeatures(),
            x,
            reciprocal,
            scales.step(),
            scales.zeroPoint(),
            quantizer.precision().activationLimit(),
            false,
            centred);
    return centred;
  }

  /** Exact products of centred input codes and weight codes: {@code rows * outFeatures}. */
  public int[] accumulators(int rows, float[] centred) {
    int in = quantizer.linear().inFeatures();
    int out = quantizer.linear().outFeatures();
    int stretch = stretch();
    int[] sums = new int[rows * out];
    float[] part = new float[rows * out];
    for (int from = 0; from < in; from += stretch) {
      int width = Math.min(stretch, in - from);
      interpreter
          .torch()
          .multiply(
              Matrix.of(columns(centred, rows, in, from, width), rows, width),
              Matrix.transposed(columns(codes, out, in, from, width), out, width),
              part);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += (int) part[i];
      }
    }
    return sums;
  }

  private static float[] columns(float[] matrix, int rows, int columns, int from, int width) {
    if (width == columns) {
      return matrix;
    }
    float[] taken = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(matrix, row * columns + from, taken, row * width, width);
    }
    return taken;
  }

  @Override
  public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
    throw new IllegalStateException("A simulated linear has no gradient.");
  }

  @Override
  public boolean learns() {
    return false;
  }
}
