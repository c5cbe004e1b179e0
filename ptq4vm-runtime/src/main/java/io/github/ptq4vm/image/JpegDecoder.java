package io.github.ptq4vm.image;

import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.util.Arrays;

/**
 * Decodes JPEG files. The JDK's library turns the file into components; they become colours here,
 * by the integer arithmetic of the Independent JPEG Group's library, so that neither markers nor
 * profiles nor the JDK's version change them.
 */
final class JpegDecoder {
  private static final JdkReader READER = new JdkReader("JPEG");

  /** Fractional bits of the conversion from luminance and colour differences. */
  private static final int FRACTION = 16;

  private static final int HALF = 1 << (FRACTION - 1);
  private static final int RED_FROM_CR = fixed(1.402);
  private static final int GREEN_FROM_CB = fixed(0.34414);
  private static final int GREEN_FROM_CR = fixed(0.71414);
  private static final int BLUE_FROM_CB = fixed(1.772);

  private JpegDecoder() {}

  /**
   * Decodes an image. Grey is expanded; ink becomes light as Pillow's conversion does it.
   *
   * @throws ImageException naming the image, if its coded data are broken
   */
  static RgbImage decode(JpegFile file, String name) {
    Raster raster = READER.read(file.essential(), name, reader -> reader.readRaster(0, null));
    int components =
        switch (file.colours()) {
          case GREY -> 1;
          case YCC, RGB -> 3;
          case CMYK, YCCK -> 4;
        };
    if (raster.getWidth() != file.width()
        || raster.getHeight() != file.height()
        || raster.getNumBands() != components
        || raster.getTransferType() != DataBuffer.TYPE_BYTE) {
      throw ImageDecoder.damaged(name, "JPEG", "its header and its pixels contradict each other");
    }
    byte[] samples =
        (byte[])
            raster.getDataElements(
                raster.getMinX(), raster.getMinY(), file.width(), file.height(), null);
    return new RgbImage(file.width(), file.height(), toRgb(file.colours(), samples));
  }

  private static byte[] toRgb(JpegFile.Colours colours, byte[] samples) {
    return switch (colours) {
      case GREY -> expandGrey(samples);
      case RGB -> samples;
      case YCC -> {
        convertYcc(samples, 3);
        yield samples;
      }
      case CMYK -> inkToLight(samples);
      case YCCK -> {
        convertYcc(samples, 4);
        complementColours(samples);
        yield inkToLight(samples);
      }
    };
  }

  private static byte[] expandGrey(byte[] grey) {
    byte[] rgb = new byte[3 * grey.length];
    for (int i = 0; i < grey.length; i++) {
      Arrays.fill(rgb, 3 * i, 3 * i + 3, grey[i]);
    }
    return rgb;
  }

  /** Replaces the first three of every {@code stride} samples by red, green and blue. */
  private static void convertYcc(byte[] samples, int stride) {
    for (int i = 0; i < samples.length; i += stride) {
      int y = samples[i] & 0xff;
      int cb = (samples[i + 1] & 0xff) - 128;
      int cr = (samples[i + 2] & 0xff) - 128;
      samples[i] = clip(y + ((RED_FROM_CR * cr + HALF) >> FRACTION));
      samples[i + 1] = clip(y + ((HALF - GREEN_FROM_CB * cb - GREEN_FROM_CR * cr) >> FRACTION));
      samples[i + 2] = clip(y + ((BLUE_FROM_CB * cb + HALF) >> FRACTION));
    }
  }

  /** The difference coding of ink holds the colour that the ink is the complement of. */
  private static void complementColours(byte[] samples) {
    for (int i = 0; i < samples.length; i += 4) {
      samples[i] = (byte) ~samples[i];
      samples[i + 1] = (byte) ~samples[i + 1];
      samples[i + 2] = (byte) ~samples[i + 2];
    }
  }

  /** Light is what black leaves, less the share of it that the ink of the colour takes. */
  private static byte[] inkToLight(byte[] samples) {
    byte[] rgb = new byte[samples.length / 4 * 3];
    for (int in = 0, out = 0; in < samples.length; in += 4) {
      int light = samples[in + 3] & 0xff;
      for (int c = 0; c < 3; c++) {
        int ink = 255 - (samples[in + c] & 0xff);
        rgb[out++] = clip(light - divideBy255(ink * light));
      }
    }
    return rgb;
  }

  /** Rounded division of a product of two bytes. */
  private static int divideBy255(int product) {
    int biased = product + 128;
    return (biased + (biased >> 8)) >> 8;
  }

  private static byte clip(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }

  private static int fixed(double value) {
    return (int) (value * (1 << FRACTION) + 0.5);
  }
}
