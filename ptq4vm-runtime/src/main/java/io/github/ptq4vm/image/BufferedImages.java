package io.github.ptq4vm.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DirectColorModel;
import java.awt.image.Raster;

/**
 * Takes pixels out of AWT's images. Grey and sRGB samples are taken as they are stored, because AWT
 * would push grey through a colour space conversion that changes it; a sample of 16 bits keeps its
 * high byte; alpha is dropped. Palettes are looked up. Whatever else there is (premultiplied alpha,
 * five-bit channels, other colour spaces) AWT converts to sRGB.
 */
final class BufferedImages {

  private BufferedImages() {}

  /**
   * Copies an image's pixels.
   *
   * @param name what to call the image in messages
   * @throws ImageException if it has more pixels than are read
   */
  static RgbImage toRgb(BufferedImage image, String name) {
    RgbImage.requireSize(image.getWidth(), image.getHeight(), name);
    RgbImage result = RgbImage.black(image.getWidth(), image.getHeight());
    if (samplesAreColours(image.getColorModel())) {
      copySamples(image.getRaster(), image.getColorModel(), result);
    } else {
      convert(image, result);
    }
    return result;
  }

  private static boolean samplesAreColours(ColorModel model) {
    boolean plain = model instanceof ComponentColorModel || model instanceof DirectColorModel;
    if (!plain || model.isAlphaPremultiplied()) {
      return false;
    }
    boolean grey = model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    for (int bits : model.getComponentSize()) {
      if (bits != 8 && bits != 16) {
        return false;
      }
    }
    return grey || model.getColorSpace().isCS_sRGB();
  }

  private static void copySamples(Raster raster, ColorModel model, RgbImage to) {
    int bands = raster.getNumBands();
    boolean grey = model.getNumColorComponents() == 1;
    int shift = model.getComponentSize(0) - 8;
    int[] row = new int[Math.multiplyExact(bands, to.width())];
    byte[] data = to.data();
    int out = 0;
    for (int y = 0; y < to.height(); y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, to.width(), 1, row);
      for (int in = 0; in < row.length; in += bands) {
        data[out++] = (byte) (row[in] >> shift);
        data[out++] = (byte) (row[grey ? in : in + 1] >> shift);
        data[out++] = (byte) (row[grey ? in : in + 2] >> shift);
      }
    }
  }

  private static void convert(BufferedImage image, RgbImage to) {
    int[] row = new int[to.width()];
    byte[] data = to.data();
    int out = 0;
    for (int y = 0; y < to.height(); y++) {
      image.getRGB(0, y, to.width(), 1, row, 0, to.width());
      for (int rgb : row) {
        data[out++] = (byte) (rgb >> 16);
        data[out++] = (byte) (rgb >> 8);
        data[out++] = (byte) rgb;
      }
    }
  }
}
