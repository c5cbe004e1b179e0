package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.network.Rotation;
import org.jspecify.annotations.Nullable;

/**
 * A linear behind a rotation of its input: the execution inside sees rotated inputs only, and the
 * gradient it gives back is rotated back.
 */
public final class RotatedLinear implements LinearExecution {
  private final Buffers buffers;
  private final RotationKernel rotation;
  private final int channels;
  private final LinearExecution inner;

  private RotatedLinear(TensorInterpreter interpreter, int channels, LinearExecution inner) {
    this.buffers = interpreter.buffers();
    this.rotation = interpreter.rotation(channels);
    this.channels = channels;
    this.inner = inner;
  }

  /** An execution behind a rotation, or itself where there is none. */
  public static LinearExecution wrap(
      TensorInterpreter interpreter, Rotation rotation, int channels, LinearExecution inner) {
    return rotation == Rotation.NONE ? inner : new RotatedLinear(interpreter, channels, inner);
  }

  @Override
  public void forward(int rows, float[] x, float[] bias, float[] y) {
    float[] rotated = rotate(rows, x);
    inner.forward(rows, rotated, bias, y);
    buffers.release(rotated);
  }

  private float[] rotate(int rows, float[] x) {
    float[] rotated = buffers.take(rows * channels);
    rotation.apply(rows, x, rotated);
    return rotated;
  }

  @Override
  public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
    float[] rotated = rotate(rows, x);
    inner.backward(rows, rotated, gy, gx);
    if (gx != null) {
      rotation.applyTransposed(rows, gx, gx);
    }
    buffers.release(rotated);
  }

  @Override
  public boolean learns() {
    return inner.learns();
  }
}
