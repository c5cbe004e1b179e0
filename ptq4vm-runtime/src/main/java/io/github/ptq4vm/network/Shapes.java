package io.github.ptq4vm.network;

import java.util.Arrays;
import java.util.List;

/** Checks of shapes, and of the sizes that an operation states. */
final class Shapes {
  private Shapes() {}

  /**
   * Checks that sizes are at least 1.
   *
   * @param output name of the operation
   * @param names what the sizes are, for the message
   */
  static void requirePositive(String output, String names, int... sizes) {
    for (int size : sizes) {
      if (size < 1) {
        throw new InvalidNetworkException(
            "Operation \""
                + output
                + "\" has "
                + names
                + " "
                + Arrays.toString(sizes)
                + ", but each must be at least 1.");
      }
    }
  }

  /** Checks that the position of a token is not negative. */
  static void requirePosition(String output, int position) {
    if (position < 0) {
      throw new InvalidNetworkException(
          "Operation \"" + output + "\" has the position " + position + ", which is negative.");
    }
  }

  /** Checks that what a norm adds to a variance is positive and finite. */
  static void requireEps(String output, float eps) {
    if (!(eps > 0 && eps < Float.POSITIVE_INFINITY)) {
      throw new InvalidNetworkException(
          "Operation \"" + output + "\" has eps " + eps + ", but it must be positive and finite.");
    }
  }

  /** Tokens of a grid; fails where an int cannot hold their number. */
  static int tokens(String output, long height, long width) {
    if (height > Integer.MAX_VALUE || width > Integer.MAX_VALUE / height) {
      throw new InvalidNetworkException(
          "Operation \""
              + output
              + "\" has a grid of "
              + height
              + " x "
              + width
              + ", too many tokens.");
    }
    return (int) (height * width);
  }

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
