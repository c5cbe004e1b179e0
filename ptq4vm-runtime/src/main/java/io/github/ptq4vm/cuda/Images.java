package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Network;

/** Checks images before a GPU sees them. */
final class Images {
  private Images() {}

  /**
   * Checks an image.
   *
   * @param number of it, for the message
   * @throws IllegalArgumentException if it has another length or a value that is not finite
   */
  static void require(Network network, float[] image, int number) {
    int expected = 3 * network.height() * network.width();
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
    for (int i = 0; i < image.length; i++) {
      if (!Float.isFinite(image[i])) {
        throw new IllegalArgumentException(
            "Image " + number + " holds " + image[i] + " at index " + i + "; it must be finite.");
      }
    }
  }
}
