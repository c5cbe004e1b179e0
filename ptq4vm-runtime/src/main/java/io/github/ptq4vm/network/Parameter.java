package io.github.ptq4vm.network;

import java.util.List;

/**
 * A tensor an operation needs: what a checkpoint or an artifact has to provide.
 *
 * @param name unique name; for the families of this project the checkpoint's key
 * @param type element type
 * @param shape extents, outermost first, row-major
 */
public record Parameter(String name, ElementType type, List<Integer> shape) {

  /** Takes an immutable copy of the shape; an array must be able to hold its elements. */
  public Parameter {
    shape = List.copyOf(shape);
    long elements = 1;
    for (int extent : shape) {
      if (extent < 1 || elements > Integer.MAX_VALUE / extent) {
        throw new InvalidNetworkException(
            "A parameter \"" + name + "\" of shape " + shape + " is not possible.");
      }
      elements *= extent;
    }
  }

  static Parameter of(String name, Integer... shape) {
    return new Parameter(name, ElementType.F32, List.of(shape));
  }
}
