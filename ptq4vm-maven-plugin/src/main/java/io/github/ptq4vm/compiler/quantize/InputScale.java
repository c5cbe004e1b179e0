package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;

/** Where the step sizes and zero points of a quantized linear's input come from. */
public sealed interface InputScale {

  /**
   * Step sizes and zero points of the rows of a batch.
   *
   * @param x {@code rows * channels} inputs, rotated where the linear rotates
   * @param reciprocal reciprocal smoothing factors, one a channel
   * @param limit largest code
   * @return those of row r at r modulo their number
   */
  Static of(TensorInterpreter interpreter, int rows, float[] x, float[] reciprocal, int limit);

  /**
   * One step size and zero point for each token position, whatever the image.
   *
   * @param step step sizes, positive
   * @param zeroPoint zero points, each a code
   */
  record Static(float[] step, int[] zeroPoint) implements InputScale {
    @Override
    public Static of(
        TensorInterpreter interpreter, int rows, float[] x, float[] reciprocal, int limit) {
      return this;
    }
  }

  /**
   * Step size and zero point of each row from its own smallest and largest value.
   *
   * @param share share of the range between them that codes cover, positive
   */
  record Dynamic(float share) implements InputScale {
    @Override
    public Static of(
        TensorInterpreter interpreter, int rows, float[] x, float[] reciprocal, int limit) {
      Static scales = new Static(new float[rows], new int[rows]);
      interpreter
          .dynamicScales()
          .scales(
              rows,
              reciprocal.length,
              x,
              reciprocal,
              share,
              limit,
              scales.step(),
              scales.zeroPoint());
      return scales;
    }
  }
}
