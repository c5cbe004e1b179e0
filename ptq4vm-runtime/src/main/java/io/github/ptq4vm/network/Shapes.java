package io.github.ptq4vm.network;

import java.util.List;

/** Checks of shapes. */
final class Shapes {
  private Shapes() {}

  /** Checks the shapes of an operation's inputs; returns the first. */
  static ValueShape require(Operation operation, List<ValueShape> actual, ValueShape... expected) {
    if (!actual.equals(List.of(expected))) {
      throw new InvalidNetworkException(
          "Operation \""
              + operation.output()
              + "\" expects inputs "
              + operation.inputs()
              + " of shape "
              + List.of(expected)
              + " but they are "
              + actual
              + ".");
    }
    return expected[0];
  }
}
