package io.github.ptq4vm.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads JPEG and PNG files, told apart by their first bytes. */
final class ImageDecoder {

  /** Largest file that is read, in bytes. */
  private static final int MAX_BYTES = 1 << 28;

  private ImageDecoder() {}

  /**
   * Reads a file.
   *
   * @throws ImageException naming the file, if it cannot be read or is no complete image
   */
  static RgbImage decode(Path file) {
    try (InputStream stream = Files.newInputStream(file)) {
      return decode(stream, file.toString());
    } catch (NoSuchFileException e) {
      throw new ImageException("The image " + file + " does not exist.", e);
    } catch (IOException e) {
      throw unreadable(file.toString(), e);
    }
  }

  /**
   * Reads a stream to its end and leaves it open.
   *
   * @throws ImageException naming the image, if it cannot be read or is no complete image
   */
  static RgbImage decode(InputStream stream, String name) {
    byte[] file;
    try {
      file = stream.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
    if (file.length > MAX_BYTES) {
      throw new ImageException(
          "The image %s is larger than %d bytes, the most that is read. Scale it down first."
              .formatted(name, MAX_BYTES));
    }
    if (JpegFile.matches(file)) {
      return JpegDecoder.decode(JpegFile.parse(file, name), name);
    }
    if (PngFile.matches(file)) {
      return PngDecoder.decode(PngFile.parse(file, name), name);
    }
    throw new ImageException(
        "The file %s is neither a JPEG nor a PNG image. Convert it to one of them."
            .formatted(name));
  }

  /** A file whose format is broken. */
  static ImageException damaged(String name, String format, String problem) {
    return new ImageException(
        "The image %s is damaged: %s. Replace the %s file.".formatted(name, problem, format));
  }

  private static ImageException unreadable(String name, IOException cause) {
    return new ImageException("The image " + name + " cannot be read: " + cause + ".", cause);
  }
}
