package io.github.ptq4vm.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Runs the JDK's own image readers, never one that happens to be on the class path, so that an
 * image gives the same pixels in every application; keeps everything in memory.
 */
final class JdkReader {
  private final String format;
  private final ImageReaderSpi provider;

  /**
   * Finds a reader.
   *
   * @param format {@code JPEG} or {@code PNG}
   */
  JdkReader(String format) {
    this.format = format;
    this.provider = find(format);
  }

  /** What to do with a reader that has its input. */
  interface Use<T> {
    /** Reads. */
    T with(ImageReader reader) throws IOException;
  }

  /**
   * Reads an image.
   *
   * @param file a file checked as far as the structure of its format goes
   * @throws ImageException naming the image, whatever the reader fails with
   */
  <T> T read(byte[] file, String name, Use<T> use) {
    try {
      ImageReader reader = provider.createReaderInstance();
      try (ImageInputStream stream =
          new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
        reader.setInput(stream, true, true);
        return use.with(reader);
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      // The JDK's readers answer some damaged files with unchecked exceptions.
      throw new ImageException(
          "The image %s cannot be decoded as %s: %s. Replace the file, or save it again."
              .formatted(name, format, e.getMessage() == null ? e : e.getMessage()),
          e);
    }
  }

  private static ImageReaderSpi find(String format) {
    Iterator<ImageReaderSpi> providers =
        IIORegistry.getDefaultInstance()
            .getServiceProviders(
                ImageReaderSpi.class,
                provider -> {
                  Module module = provider.getClass().getModule();
                  return "java.desktop".equals(module.getName())
                      && List.of(((ImageReaderSpi) provider).getFormatNames()).contains(format);
                },
                true);
    if (!providers.hasNext()) {
      throw new ImageException(
          "This Java runtime has no reader for %s images. Run on a JDK with the module java.desktop."
              .formatted(format));
    }
    return providers.next();
  }
}
