package io.github.ptq4vm.image;

import java.awt.image.BufferedImage;
import java.util.zip.CRC32;

/** Images given by a formula, so that an oracle in another language can make the same. */
final class SyntheticImages {

  private SyntheticImages() {}

  /**
   * Noise: the high bytes of the sequence {@code s = 1664525 s + 1013904223 mod 2^32} that starts
   * from {@code 31 width + height}, R, G, B for each pixel.
   */
  static RgbImage noise(int width, int height) {
    RgbImage image = RgbImage.black(width, height);
    int state = 31 * width + height;
    for (int i = 0; i < image.data().length; i++) {
      state = state * 1664525 + 1013904223;
      image.data()[i] = (byte) (state >>> 24);
    }
    return image;
  }

  static BufferedImage buffered(RgbImage image) {
    BufferedImage result =
        new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    byte[] data = image.data();
    for (int i = 0; i < data.length; i += 3) {
      int rgb = (data[i] & 0xff) << 16 | (data[i + 1] & 0xff) << 8 | data[i + 2] & 0xff;
      result.setRGB(i / 3 % image.width(), i / 3 / image.width(), rgb);
    }
    return result;
  }

  /** CRC-32 as eight hexadecimal digits. */
  static String crc(byte[] data) {
    CRC32 crc = new CRC32();
    crc.update(data);
    return "%08x".formatted(crc.getValue());
  }
}
