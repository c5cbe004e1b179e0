package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation in a schedule. Operations that only put tokens into another order may have been
 * absorbed: then it reads or writes other values than the network says, in an order of its own.
 *
 * @param inputs values it reads
 * @param output value it writes
 * @param inputRows row of its first input that holds each token, or null where they are in order
 * @param outputRows row of its output that receives each token, or null where they are in order
 */
record Work(
    Operation operation,
    List<String> inputs,
    String output,
    int @Nullable [] inputRows,
    int @Nullable [] outputRows) {

  /** The operation as the network says. */
  static Work of(Operation operation) {
    return new Work(operation, operation.inputs(), operation.output(), null, null);
  }

  /** The same with its first input in an order of its own. */
  Work reading(String value, int[] rows) {
    List<String> read = new ArrayList<>(inputs);
    read.set(0, value);
    return new Work(operation, List.copyOf(read), output, rows, outputRows);
  }

  /** The same with its output in an order of its own. */
  Work writing(String value, int[] rows) {
    return new Work(operation, inputs, value, inputRows, rows);
  }

  /** Whether the output's value lies inside that of the input and nothing has to be computed. */
  static boolean isView(Operation operation) {
    return operation instanceof Operation.Channels
        || operation instanceof TokenOperation.SelectToken;
  }

  /**
   * Whether a row of the output needs the same row of each input that has as many, and no other.
   */
  boolean isRowwise() {
    return inputRows == null
        && outputRows == null
        && !(operation instanceof GridOperation)
        && (!(operation instanceof TokenOperation)
            || operation instanceof TokenOperation.AddTable
            || operation instanceof TokenOperation.RotatePairs)
        && !(operation instanceof Operation.CausalConvolution)
        && !(operation instanceof Operation.SelectiveScan);
  }

  /** Whether the units of the work are rows of the output. */
  boolean isOverRows() {
    return !(operation instanceof Operation.SelectiveScan)
        && !(operation instanceof TokenOperation.MeanTokens);
  }
}
