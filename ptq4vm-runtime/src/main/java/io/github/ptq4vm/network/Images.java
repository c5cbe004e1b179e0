package io.github.ptq4vm.network;

import java.util.stream.IntStream;

/** Checks images before an executor sees them. */
public final class Images {
  private Images() {}

  /**
   * Checks images.
   *
   * @param parallel whether threads of the common pool may help
   * @throws IllegalArgumentException naming the first that has another length or a value that is
   *     not finite
   */
  public static void require(Network network, float[][] images, boolean parallel) {
    int wrong = firstUnfit(network, images, parallel);
    if (wrong >= 0) {
      require(network, images[wrong], wrong);
    }
  }

  /**
   * Number of the first image that has another length or a value that is not finite, or -1.
   *
   * @param parallel whether threads of the common pool may help
   */
  public static int firstUnfit(Network network, float[][] images, boolean parallel) {
    int expected = floats(network);
    IntStream all = IntStream.range(0, images.length);
    return (parallel ? all.parallel() : all)
        .filter(i -> images[i].length != expected || notFinite(images[i]) >= 0)
        .findFirst()
        .orElse(-1);
  }

  private static int floats(Network network) {
    return 3 * network.height() * network.width();
  }

  /** Index of the first value that is not finite, or -1. */
  public static int notFinite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Checks an image.
   *
   * @param number of it, for the message
   * @throws IllegalArgumentException if it has another length or a value that is not finite
   */
  public static void require(Network network, float[] image, int number) {
    int expected = floats(network);
    if (image.length != expected) {
      throw new IllegalArgumentException(
          "Image "
              + number
              + " has "
              + image.length
              + " floats but the network needs 3 x "
              + network.height()
              + " x "
              + network.width()
              + " = "
              + expected
              + ".");
    }
    int wrong = notFinite(image);
    if (wrong >= 0) {
      throw new IllegalArgumentException(
          "Image "
              + number
              + " holds "
              + image[wrong]
              + " at index "
              + wrong
              + "; it must be finite.");
    }
  }
}
