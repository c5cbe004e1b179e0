package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.TokenOrder;

/** Operations on grids, forwards and backwards, on the values of a run. */
final class GridOperations {
  private final SectionRun run;
  private final TensorInterpreter interpreter;

  GridOperations(SectionRun run) {
    this.run = run;
    this.interpreter = run.interpreter();
  }

  void forward(GridOperation operation, float[] y) {
    float[] x = run.value(operation.input());
    if (operation instanceof GridOperation.Convolution2d op) {
      convolution(op, x, y);
    } else if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      interpreter.depthwise(op).forward(interpreter.parallel(), run.images(), x, y);
    } else if (operation instanceof GridOperation.MergePatches op) {
      TokenOrder order = order(op);
      interpreter.rows().move(run.images(), order.tokens(), order.positions(), op.channels(), x, y);
    } else {
      throw new InvalidNetworkException("The interpreter does not know " + operation + ".");
    }
  }

  void backward(GridOperation operation, float[] g) {
    float[] gx = run.take(operation.input());
    if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      interpreter
          .depthwise(op)
          .backward(interpreter.parallel(), run.images(), run.value(op.input()), g, gx);
    } else if (operation instanceof GridOperation.MergePatches op) {
      TokenOrder order = order(op);
      interpreter.rows().move(run.images(), order.length(), order.indices(), op.channels(), g, gx);
    } else {
      throw new InvalidNetworkException("The interpreter has no gradient of " + operation + ".");
    }
    run.give(operation.input(), gx);
  }

  private void convolution(GridOperation.Convolution2d op, float[] x, float[] y) {
    int columns = op.inChannels() * op.kernel() * op.kernel();
    int rows = run.images() * op.outHeight() * op.outWidth();
    float[] patches = interpreter.buffers().take(Math.multiplyExact(rows, columns));
    interpreter
        .parallel()
        .forRange(
            rows,
            (part, from, to) -> {
              for (int row = from; row < to; row++) {
                unfold(op, x, row, patches, row * columns);
              }
            });
    interpreter
        .torch()
        .multiply(
            Torch.Matrix.of(patches, rows, columns),
            Torch.Matrix.transposed(run.floats(op.weight()), op.outChannels(), columns),
            y);
    interpreter.buffers().release(patches);
    interpreter.addBias(rows, run.floats(op.bias()), y);
  }

  /** The inputs an output sees, channel by channel as the weights lie, zeros beyond the grid. */
  private static void unfold(
      GridOperation.Convolution2d op, float[] x, int row, float[] out, int start) {
    int positions = op.outHeight() * op.outWidth();
    int image = row / positions;
    int top = row % positions / op.outWidth() * op.stride() - op.padding();
    int left = row % op.outWidth() * op.stride() - op.padding();
    int taps = op.kernel() * op.kernel();
    for (int tap = 0; tap < taps; tap++) {
      int v = top + tap / op.kernel();
      int h = left + tap % op.kernel();
      boolean inside = v >= 0 && v < op.height() && h >= 0 && h < op.width();
      int from = inside ? ((image * op.height() + v) * op.width() + h) * op.inChannels() : 0;
      for (int c = 0; c < op.inChannels(); c++) {
        out[start + c * taps + tap] = inside ? x[from + c] : 0f;
      }
    }
  }

  /** Four tokens of every square one after the other: an order with zero tokens at odd edges. */
  private static TokenOrder order(GridOperation.MergePatches op) {
    int[] positions = new int[4 * op.outHeight() * op.outWidth()];
    for (int i = 0; i < positions.length; i++) {
      int square = i / 4;
      int row = square / op.outWidth() * 2 + i % 2;
      int column = square % op.outWidth() * 2 + i / 2 % 2;
      positions[i] = row < op.height() && column < op.width() ? row * op.width() + column : -1;
    }
    return TokenOrder.of(op.height() * op.width(), positions);
  }
}
