package io.github.ptq4vm.image;

/** Decodes PNG files. */
final class PngDecoder {
  private static final JdkReader READER = new JdkReader("PNG");

  private PngDecoder() {}

  /**
   * Decodes an image. Grey and palettes are expanded, alpha is dropped, of 16-bit samples the high
   * byte remains.
   *
   * @throws ImageException naming the image, if its compressed data are broken
   */
  static RgbImage decode(PngFile file, String name) {
    return BufferedImages.toRgb(
        READER.read(file.essential(), name, reader -> reader.read(0)), name);
  }
}
