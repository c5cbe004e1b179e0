package io.github.ptq4vm.compiler.tensor;

import org.jspecify.annotations.Nullable;

/** How the interpreter runs one linear: in float32, quantized, or quantized and learning. */
public interface LinearExecution {

  /**
   * Writes the output for {@code rows} rows of input.
   *
   * @param bias added to every row, or empty
   */
  void forward(int rows, float[] x, float[] bias, float[] y);

  /**
   * Takes in the gradient of the output of the last {@link #forward}, adding to the gradients of
   * whatever learns here.
   *
   * @param gx where the gradient of the input is written, or null when nobody needs it
   */
  void backward(int rows, float[] x, float[] gy, @Nullable float[] gx);

  /** Whether anything learns here. */
  boolean learns();
}
