package io.github.ptq4vm.compiler.learn;

import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear under fake quantization whose smoothing factors, weight steps and input steps learn.
 * They are positive whatever the optimizer does, because their logarithms learn; and one rate
 * serves every bit width, because a logarithm moves in units of one code at the end of its range.
 */
final class LearningLinear implements LinearExecution {
  private final TensorInterpreter interpreter;
  private final LinearQuantizer start;
  private final float[] weight;
  private final int in;
  private final int out;
  private final LogVector smoothing;
  private final LogVector weightStep;
  private final LogVector inputStep;

  private float[] reciprocal;
  private float[] quantizedWeight;

  LearningLinear(TensorInterpreter interpreter, LinearQuantizer start) {
    this.interpreter = interpreter;
    this.start = start;
    this.in = start.linear().inFeatures();
    this.out = start.linear().outFeatures();
    this.weight = interpreter.model().floats(start.linear().weight());
    this.quantizedWeight = new float[weight.length];
    this.reciprocal = new float[in];
    int input = start.precision().activationLimit();
    int weights = 2 * start.precision().weightLimit() + 1;
    // A smoothing factor moves the codes of weights and inputs alike: the finer of both counts.
    this.smoothing = new LogVector(start.smoothing(), Math.max(input, weights));
    this.weightStep = new LogVector(start.weightStep(), weights);
    this.inputStep = new LogVector(start.inputStep(), input);
    refresh();
  }

  /** What learns: smoothing factors, weight steps, input steps. */
  List<LogVector> parameters() {
    return List.of(smoothing, weightStep, inputStep);
  }

  /** The quantizer as learned so far. */
  LinearQuantizer quantizer() {
    return new LinearQuantizer(
        start.linear(),
        start.precision(),
        smoothing.values().clone(),
        weightStep.values().clone(),
        inputStep.values().clone(),
        start.zeroPoint());
  }

  /** Takes in changed parameters. */
  void refresh() {
    for (int c = 0; c < in; c++) {
      reciprocal[c] = 1f / smoothing.values()[c];
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
    float[] quantizedInput = quantizeInput(rows, x);
    interpreter
        .torch()
        .multiply(
            Matrix.of(quantizedInput, rows, in), Matrix.transposed(quantizedWeight, out, in), y);
    interpreter.buffers().release(quantizedInput);
    interpreter.addBias(rows, bias, y);
  }

  private float[] quantizeInput(int rows, float[] x) {
    float[] quantizedInput = interpreter.buffers().take(rows * in);
    interpreter
        .quantizeKernel()
        .activations(
            rows,
            in,
            x,
            reciprocal,
            inputStep.values(),
            start.zeroPoint(),
            start.precision().activationLimit(),
            true,
            quantizedInput);
    return quantizedInput;
  }

  @Override
  public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
    // Quantized once more rather than kept: memory for every linear of the block costs more.
    float[] buffer = quantizeInput(rows, x);
    float[] weightGradient = interpreter.buffers().take(weight.length);
    interpreter
        .torch()
        .multiply(Matrix.transposed(gy, rows, out), Matrix.of(buffer, rows, in), weightGradient);
    interpreter
        .quantizeKernel()
        .weightGradients(
            out,
            in,
            weight,
            smoothing.values(),
            weightStep.values(),
            start.precision().weightLimit(),
            weightGradient,
            weightStep.gradient(),
            smoothing.gradient());
    interpreter.buffers().release(weightGradient);
    interpreter
        .torch()
        .multiply(Matrix.of(gy, rows, out), Matrix.of(quantizedWeight, out, in), buffer);
    interpreter
        .quantizeKernel()
        .activationGradients(
            rows,
            in,
            x,
            reciprocal,
            inputStep.values(),
            start.zeroPoint(),
            start.precision().activationLimit(),
            buffer,
            gx,
            inputStep.gradient(),
            smoothing.gradient());
    interpreter.buffers().release(buffer);
  }

  @Override
  public boolean learns() {
    return true;
  }
}
