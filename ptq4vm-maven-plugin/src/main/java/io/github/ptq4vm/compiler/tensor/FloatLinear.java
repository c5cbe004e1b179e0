package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import org.jspecify.annotations.Nullable;

/** A linear in float32, on PyTorch. */
final class FloatLinear implements LinearExecution {
  private final Torch torch;
  private final int in;
  private final int out;
  private final float[] weight;

  FloatLinear(Torch torch, int in, int out, float[] weight) {
    this.torch = torch;
    this.in = in;
    this.out = out;
    this.weight = weight;
  }

  @Override
  public void forward(int rows, float[] x, float[] y) {
    torch.multiply(Matrix.of(x, rows, in), Matrix.transposed(weight, out, in), y);
  }

  @Override
  public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
    if (gx != null) {
      torch.multiply(Matrix.of(gy, rows, out), Matrix.of(weight, out, in), gx);
    }
  }

  @Override
  public boolean learns() {
    return false;
  }
}
