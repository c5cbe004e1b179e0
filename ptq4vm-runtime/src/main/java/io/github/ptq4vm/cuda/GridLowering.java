package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Operation;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Lowers convolutions, linears in floating point, and the merging of patches. */
final class GridLowering {
  private final Readers readers;
  private final Values values;
  private final Floats floats;
  private final boolean half;
  private final Set<Operation> done;

  GridLowering(
      Readers readers, Values values, Floats floats, StorageType storage, Set<Operation> done) {
    this.readers = readers;
    this.values = values;
    this.floats = floats;
    this.half = storage == StorageType.F16;
    this.done = done;
  }

  void lower(GridOperation operation) {
    if (operation instanceof GridOperation.Convolution2d convolution) {
      ValuePlan input = values.stored(convolution.input());
      dense(
          convolution.output(),
          input,
          DenseParams.convolution(
              convolution,
              DeviceValue.NONE,
              floats.weight(convolution, half),
              floats.parameter(convolution.bias()),
              DeviceValue.NONE,
              0,
              Activation.NONE));
    } else if (operation instanceof GridOperation.DepthwiseConvolution2d convolution) {
      depthwise(convolution);
    } else if (operation instanceof GridOperation.MergePatches merge) {
      merge(merge);
    } else {
      throw new IllegalStateException("There is no such grid operation: " + operation + ".");
    }
  }

  /** A linear in floating point. */
  void lower(Operation.Linear linear) {
    ValuePlan input = values.stored(linear.input());
    dense(
        linear.output(),
        input,
        DenseParams.linear(
            DeviceValue.NONE,
            floats.weight(linear, half),
            floats.optional(linear.bias()),
            DeviceValue.NONE,
            0,
            linear.inFeatures(),
            linear.outFeatures(),
            values.expression(linear.input()).tokens(),
            Activation.NONE));
  }

  private void dense(String value, ValuePlan input, DenseParams form) {
    String output = value;
    DenseParams active = form;
    if (readers.only(value) instanceof Operation.Activate activate) {
      output = activate.output();
      active = form.activated(activate.activation());
      done.add(activate);
    }
    values.add(new DensePlan(input, active, half, values.output(output)));
  }

  private void depthwise(GridOperation.DepthwiseConvolution2d convolution) {
    ValuePlan input = values.stored(convolution.input());
    values.add(
        new DepthwisePlan(
            input,
            0,
            floats.channelsInnermost(convolution.weight(), convolution.channels()),
            floats.optional(convolution.bias()),
            new DepthwiseParams(
                List.of(),
                0,
                convolution.channels(),
                convolution.height() * convolution.width(),
                convolution.kernel(),
                convolution.height(),
                convolution.width(),
                convolution.activation()),
            values.output(convolution.output())));
  }

  /** Each of the four tokens of a square goes into channels of its own. */
  private void merge(GridOperation.MergePatches merge) {
    List<int[]> parts =
        List.of(part(merge, 0, 0), part(merge, 1, 0), part(merge, 0, 1), part(merge, 1, 1));
    if (parts.stream().anyMatch(rows -> values.expression(merge.input()).gather(rows) == null)) {
      values.stored(merge.input());
    }
    RowExpression input = values.expression(merge.input());
    ValuePlan output = values.output(merge.output());
    for (int i = 0; i < parts.size(); i++) {
      values.store(
          Objects.requireNonNull(input.gather(parts.get(i))),
          output.channels(i * merge.channels()));
    }
  }

  /**
   * The input token that is some rows down and columns right in the square of each output token.
   */
  private static int[] part(GridOperation.MergePatches merge, int down, int right) {
    int width = merge.outWidth();
    int[] rows = new int[merge.outHeight() * width];
    Arrays.setAll(
        rows,
        t -> {
          int row = 2 * (t / width) + down;
          int column = 2 * (t % width) + right;
          return row < merge.height() && column < merge.width() ? row * merge.width() + column : -1;
        });
    return rows;
  }
}
