package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import org.jspecify.annotations.Nullable;

/** A linear in float32, on PyTorch. */
final class FloatLinear implements LinearExecution {
  private final TensorInterpreter interpreter;
  private final int in;
  private final int out;
  private final float[] weight;

  FloatLinear(TensorInterpreter interpreter, int in, int out, float[] weight) {
    this.interpreter = interpreter;
    this.in = in;
    this.out = out;
    this.weight = weight;
  }

  @Override
  public void forward(int rows, float[] x, float[] bias, float[] y) {
    interpreter.torch().multiply(Matrix.of(x, rows, in), Matrix.transposed(weight, out, in), y);
    interpreter.addBias(rows, bias, y);
  }

  @Override
  public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
    if (gx != null) {
      interpreter.torch().multiply(Matrix.of(gy, rows, out), Matrix.of(weight, out, in), gx);
    }
  }

  @Override
  public boolean learns() {
    return false;
  }
}
