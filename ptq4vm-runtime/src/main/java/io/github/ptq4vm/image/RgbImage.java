package io.github.ptq4vm.image;

/**
 * Pixels as every step of preprocessing sees them.
 *
 * @param width pixels a row, at least 1
 * @param height rows, at least 1
 * @param data {@code height*width} pixels of three unsigned bytes R, G, B, row by row; shared, not
 *     copied
 */
record RgbImage(int width, int height, byte[] data) {

  /** Most pixels an image may have, 2^26: checked before memory is taken for them. */
  static final long MAX_PIXELS = 1L << 26;

  /** Checks that the data fills the image. */
  RgbImage {
    if (width < 1 || height < 1 || data.length != 3L * width * height) {
      throw new IllegalArgumentException(
          "%d x %d pixels do not take %d bytes.".formatted(width, height, data.length));
    }
  }

  /** A black image. */
  static RgbImage black(int width, int height) {
    return new RgbImage(width, height, new byte[Math.multiplyExact(3 * width, height)]);
  }

  /** Refuses extents that are not positive or that make more than {@link #MAX_PIXELS}. */
  static void requireSize(long width, long height, String name) {
    if (width < 1 || height < 1) {
      throw new ImageException(
          "%s states a size of %d x %d pixels, which is no image. Replace the file."
              .formatted(name, width, height));
    }
    if (width > MAX_PIXELS / height) {
      throw new ImageException(
          "%s has %d x %d pixels, but at most %d are read. Scale the image down first."
              .formatted(name, width, height, MAX_PIXELS));
    }
  }

  /**
   * The centre of this image, as torchvision's {@code CenterCrop} takes it: the offset is half the
   * difference, a half rounded to the even neighbour; where the image is smaller than the crop it
   * is surrounded by black, one pixel more at the right and the bottom when the difference is odd.
   *
   * @param side side of the square that is cut out
   */
  RgbImage centreCrop(int side) {
    if (side == width && side == height) {
      return this;
    }
    RgbImage result = black(side, side);
    int left = cropOffset(width, side);
    int top = cropOffset(height, side);
    int firstColumn = Math.max(0, -left);
    int columns = Math.min(side, width);
    int firstRow = Math.max(0, -top);
    int rows = Math.min(side, height);
    for (int y = firstRow; y < firstRow + rows; y++) {
      System.arraycopy(
          data,
          3 * ((y + top) * width + firstColumn + left),
          result.data,
          3 * (y * side + firstColumn),
          3 * columns);
    }
    return result;
  }

  private static int cropOffset(int length, int side) {
    if (length < side) {
      return -((side - length) / 2);
    }
    int difference = length - side;
    int half = difference / 2;
    return difference % 2 == 0 ? half : half + (half & 1);
  }
}
