package io.github.ptq4vm.compiler.learn;

import io.github.ptq4vm.compiler.quantize.InputScale;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.RotatedLinear;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear under fake quantization whose smoothing factors, weight steps and input steps (or, with
 * dynamic scales, the share of a row's range) learn. They are positive whatever the optimizer does,
 * because their logarithms learn; and one rate serves every bit width, because a logarithm moves in
 * units of one code at the end of its range.
 *
 * <p>Where the weight's codes are fixed they stay, and smoothing factors act on the input alone.
 */
final class LearningLinear implements LinearExecution {
  /**
   * How much slower what learns moves where codes are fixed: they came from the same images, so
   * there is only something to refine, and more to learn by heart.
   */
  private static final double REFINING = 3;

  private final TensorInterpreter interpreter;
  private final LinearQuantizer start;

  /** What the weight's codes are made from, or the codes where they are fixed. */
  private final float[] weight;

  private final int in;
  private final int out;
  private final LogVector smoothing;
  private final LogVector weightStep;
  private final LogVector input;

  private final float[] reciprocal;
  private final float[] quantizedWeight;

  LearningLinear(TensorInterpreter interpreter, LinearQuantizer start) {
    this.interpreter = interpreter;
    this.start = start;
    this.in = start.linear().inFeatures();
    this.out = start.linear().outFeatures();
    byte[] codes = start.fixedCodes();
    this.weight = codes == null ? start.weight(interpreter) : floats(codes);
    this.quantizedWeight = new float[weight.length];
    this.reciprocal = new float[in];
    double pace = codes == null ? 1 : REFINING;
    double inputs = pace * start.precision().activationLimit();
    double weights = pace * (2 * start.precision().weightLimit() + 1);
    // A smoothing factor moves the codes of weights and inputs alike: the finer of both counts.
    this.smoothing =
        new LogVector(start.smoothing(), codes == null ? Math.max(inputs, weights) : inputs);
    this.weightStep = new LogVector(start.weightStep(), weights);
    this.input = new LogVector(inputNumbers(start.inputScale()), inputs);
    refresh();
  }

  private static float[] floats(byte[] codes) {
    float[] floats = new float[codes.length];
    for (int i = 0; i < codes.length; i++) {
      floats[i] = codes[i];
    }
    return floats;
  }

  private static float[] inputNumbers(InputScale scale) {
    return scale instanceof InputScale.Static fixed
        ? fixed.step()
        : new float[] {((InputScale.Dynamic) scale).share()};
  }

  /** This linear with its rotation in front, if there is one. */
  LinearExecution execution() {
    return RotatedLinear.wrap(interpreter, start.precision().rotation(), in, this);
  }

  /** What learns: smoothing factors, weight steps, and input steps or the share of the range. */
  List<LogVector> parameters() {
    return List.of(smoothing, weightStep, input);
  }

  /** The quantizer as learned so far. */
  LinearQuantizer quantizer() {
    return new LinearQuantizer(
        start.linear(),
        start.precision(),
        smoothing.values().clone(),
        weightStep.values().clone(),
        inputScale(input.values().clone()),
        start.fixedCodes());
  }

  private InputScale inputScale(float[] numbers) {
    return start.inputScale() instanceof InputScale.Static fixed
        ? new InputScale.Static(numbers, fixed.zeroPoint())
        : new InputScale.Dynamic(numbers[0]);
  }

  /** Takes in changed parameters. */
  void refresh() {
    for (int c = 0; c < in; c++) {
      reciprocal[c] = 1f / smoothing.values()[c];
    }
    if (start.fixedCodes() != null) {
      for (int i = 0; i < weight.length; i++) {
        quantizedWeight[i] = weight[i] * weightStep.values()[i / in];
      }
      return;
    }
    interpreter
        .quantizeKernel()
        .weights(
            out,
            in,
            weight,
            smoothing.values(),
            weightStep.values(),
            start.precision().weightLimit(),
            true,
            quantizedWeight);
  }

  @Override
  public void forward(int rows, float[] x, float[] bias, float[] y) {
    float[] quantizedInput = quantizeInput(rows, x, scales(rows, x));
    interpreter
        .torch()
        .multiply(
            Matrix.of(quantizedInput, rows, in), Matrix.transposed(quantizedWeight, out, in), y);
    interpreter.buffers().release(quantizedInput);
    interpreter.addBias(rows, bias, y);
  }

  private InputScale.Static scales(int rows, float[] x) {
    return inputScale(input.values())
        .of(interpreter, rows, x, reciprocal, start.precision().activationLimit());
  }

  private float[] quantizeInput(int rows, float[] x, InputScale.Static scales) {
    float[] quantizedInput = interpreter.buffers().take(rows * in);
    interpreter
        .quantizeKernel()
        .activations(
            rows,
            in,
            x,
            reciprocal,
            scales.step(),
            scales.zeroPoint(),
            start.precision().activationLimit(),
            true,
            quantizedInput);
    return quantizedInput;
  }

  @Override
  public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
    // Quantized once more rather than kept: memory for every linear of the block costs more.
    InputScale.Static scales = scales(rows, x);
    float[] buffer = quantizeInput(rows, x, scales);
    weightGradients(rows, buffer, gy);
    interpreter
        .torch()
        .multiply(Matrix.of(gy, rows, out), Matrix.of(quantizedWeight, out, in), buffer);
    inputGradients(rows, x, scales, buffer, gx);
    interpreter.buffers().release(buffer);
  }

  private void weightGradients(int rows, float[] quantizedInput, float[] gy) {
    float[] gradient = interpreter.buffers().take(weight.length);
    interpreter
        .torch()
        .multiply(Matrix.transposed(gy, rows, out), Matrix.of(quantizedInput, rows, in), gradient);
    if (start.fixedCodes() != null) {
      for (int o = 0; o < out; o++) {
        double sum = 0;
        for (int i = o * in; i < (o + 1) * in; i++) {
          sum += (double) gradient[i] * quantizedWeight[i];
        }
        weightStep.gradient()[o] += sum;
      }
    } else {
      interpreter
          .quantizeKernel()
          .weightGradients(
              out,
              in,
              weight,
              smoothing.values(),
              weightStep.values(),
              start.precision().weightLimit(),
              gradient,
              weightStep.gradient(),
              smoothing.gradient());
    }
    interpreter.buffers().release(gradient);
  }

  private void inputGradients(
      int rows, float[] x, InputScale.Static scales, float[] gradient, @Nullable float[] gx) {
    int limit = start.precision().activationLimit();
    boolean dynamic = start.inputScale() instanceof InputScale.Dynamic;
    double[] logStep = dynamic ? new double[rows] : input.gradient();
    interpreter
        .quantizeKernel()
        .activationGradients(
            rows,
            in,
            x,
            reciprocal,
            scales.step(),
            scales.zeroPoint(),
            limit,
            gradient,
            gx,
            logStep,
            smoothing.gradient());
    if (dynamic) {
      input.gradient()[0] +=
          interpreter
              .dynamicScales()
              .gradients(
                  rows,
                  in,
                  x,
                  reciprocal,
                  input.values()[0],
                  limit,
                  scales.step(),
                  logStep,
                  gx,
                  smoothing.gradient());
    }
  }

  @Override
  public boolean learns() {
    return true;
  }
}
