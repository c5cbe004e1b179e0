package io.github.ptq4vm.image;

import io.github.ptq4vm.image.Preprocessing.Interpolation;
import java.util.Arrays;

/**
 * Resizes as Pillow's {@code Image.resize} does, bit for bit: separable, antialiasing when it
 * shrinks, first along rows and then along columns, with unsigned bytes in between. Weights are
 * computed in double precision and rounded to 22 fractional bits; sums are exact integers.
 */
final class PillowResize {

  /** Fractional bits of a weight: 32 less 8 for the pixel, 1 for the sign and 1 for overshoot. */
  private static final int FRACTION = 22;

  private PillowResize() {}

  /**
   * Resizes an image.
   *
   * @param width width of the result in pixels, at least 1
   * @param height height of the result in pixels, at least 1
   * @return the result, or the image itself when it has this size
   */
  static RgbImage resize(RgbImage image, int width, int height, Interpolation interpolation) {
    RgbImage result = image;
    if (width != image.width()) {
      result = resizeRows(result, width, Taps.of(image.width(), width, interpolation));
    }
    if (height != image.height()) {
      result = resizeColumns(result, height, Taps.of(image.height(), height, interpolation));
    }
    return result;
  }

  private static RgbImage resizeRows(RgbImage image, int width, Taps taps) {
    RgbImage result = RgbImage.black(width, image.height());
    byte[] in = image.data();
    byte[] out = result.data();
    int to = 0;
    for (int y = 0; y < image.height(); y++) {
      int row = 3 * y * image.width();
      for (int x = 0; x < width; x++) {
        int red = 1 << (FRACTION - 1);
        int green = red;
        int blue = red;
        int from = row + 3 * taps.first[x];
        int end = x * taps.stride + taps.count[x];
        for (int k = x * taps.stride; k < end; k++, from += 3) {
          int weight = taps.weights[k];
          red += weight * (in[from] & 0xff);
          green += weight * (in[from + 1] & 0xff);
          blue += weight * (in[from + 2] & 0xff);
        }
        out[to++] = clip(red);
        out[to++] = clip(green);
        out[to++] = clip(blue);
      }
    }
    return result;
  }

  private static RgbImage resizeColumns(RgbImage image, int height, Taps taps) {
    RgbImage result = RgbImage.black(image.width(), height);
    byte[] in = image.data();
    byte[] out = result.data();
    int row = 3 * image.width();
    int[] sums = new int[row];
    for (int y = 0; y < height; y++) {
      Arrays.fill(sums, 1 << (FRACTION - 1));
      for (int k = 0; k < taps.count[y]; k++) {
        int weight = taps.weights[y * taps.stride + k];
        int from = (taps.first[y] + k) * row;
        for (int i = 0; i < row; i++) {
          sums[i] += weight * (in[from + i] & 0xff);
        }
      }
      for (int i = 0; i < row; i++) {
        out[y * row + i] = clip(sums[i]);
      }
    }
    return result;
  }

  private static byte clip(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> FRACTION));
  }

  /**
   * Which input positions an output position is the weighted sum of.
   *
   * @param first first input position of each output position
   * @param count number of input positions of each output position
   * @param weights {@code stride} weights for each output position, the first {@code count} used
   */
  private record Taps(int[] first, int[] count, int stride, int[] weights) {

    static Taps of(int in, int out, Interpolation interpolation) {
      double scale = (double) in / out;
      double stretch = Math.max(scale, 1);
      // The reference multiplies by the reciprocal, which may differ from a division in the last
      // bit.
      double shrink = 1 / stretch;
      double support = radius(interpolation) * stretch;
      int stride = (int) Math.ceil(support) * 2 + 1;
      int[] first = new int[out];
      int[] count = new int[out];
      int[] weights = new int[Math.multiplyExact(out, stride)];
      double[] exact = new double[stride];
      for (int i = 0; i < out; i++) {
        double centre = (i + 0.5) * scale;
        first[i] = Math.max((int) (centre - support + 0.5), 0);
        count[i] = Math.min((int) (centre + support + 0.5), in) - first[i];
        double sum = 0;
        for (int k = 0; k < count[i]; k++) {
          exact[k] = filter(interpolation, (k + first[i] - centre + 0.5) * shrink);
          sum += exact[k];
        }
        for (int k = 0; k < count[i]; k++) {
          double weight = (sum == 0 ? exact[k] : exact[k] / sum) * (1 << FRACTION);
          weights[i * stride + k] = (int) (weight + (weight < 0 ? -0.5 : 0.5));
        }
      }
      return new Taps(first, count, stride, weights);
    }

    private static int radius(Interpolation interpolation) {
      return interpolation == Interpolation.BICUBIC ? 2 : 1;
    }

    /** The bicubic kernel with a = -0.5, or the triangle. */
    private static double filter(Interpolation interpolation, double offset) {
      double x = Math.abs(offset);
      if (interpolation == Interpolation.BILINEAR) {
        return x < 1 ? 1 - x : 0;
      }
      double a = -0.5;
      if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
      }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }
  }
}
