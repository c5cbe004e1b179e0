package io.github.ptq4vm.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG file that carry pixels. Its structure and checksums are checked here, and
 * what does not matter for pixels (text, times, profiles, gamma, transparency) never reaches the
 * decoder.
 *
 * @param width width in pixels
 * @param height height in pixels
 * @param essential a PNG file of IHDR, PLTE where there is a palette, IDAT and IEND
 */
record PngFile(int width, int height, byte[] essential) {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int PALETTE = 3;

  /** Length, type and checksum. */
  private static final int CHUNK_OVERHEAD = 12;

  /** Whether a file begins as PNG files do. */
  static boolean matches(byte[] file) {
    return file.length >= SIGNATURE.length
        && ByteBuffer.wrap(file, 0, SIGNATURE.length).equals(ByteBuffer.wrap(SIGNATURE));
  }

  /**
   * Checks the structure of a file that {@link #matches}.
   *
   * @throws ImageException naming the image, if it is cut off, a checksum is wrong, or it has too
   *     many pixels
   */
  static PngFile parse(byte[] file, String name) {
    ByteBuffer in = ByteBuffer.wrap(file);
    ByteArrayOutputStream essential = new ByteArrayOutputStream(file.length);
    essential.writeBytes(SIGNATURE);
    in.position(SIGNATURE.length);
    Chunk header = Chunk.next(in, name);
    int colourType = requireHeader(header, file, name);
    essential.write(file, header.start, header.total());
    Chunk chunk;
    do {
      chunk = Chunk.next(in, name);
      boolean palette = chunk.type.equals("PLTE") && colourType == PALETTE;
      if (palette || chunk.type.equals("IDAT") || chunk.type.equals("IEND")) {
        chunk.requireChecksum(file, name);
        essential.write(file, chunk.start, chunk.total());
      }
    } while (!chunk.type.equals("IEND"));
    return new PngFile(
        in.getInt(header.data()), in.getInt(header.data() + 4), essential.toByteArray());
  }

  /** Checks the header's size and returns its colour type. */
  private static int requireHeader(Chunk header, byte[] file, String name) {
    if (!header.type.equals("IHDR") || header.length != 13) {
      throw damaged(name, "it does not begin with a header of 13 bytes");
    }
    header.requireChecksum(file, name);
    ByteBuffer in = ByteBuffer.wrap(file, header.data(), header.length);
    RgbImage.requireSize(in.getInt(), in.getInt(), "The image " + name);
    in.get();
    return in.get();
  }

  private static ImageException damaged(String name, String problem) {
    return ImageDecoder.damaged(name, "PNG", problem);
  }

  /**
   * A chunk.
   *
   * @param start offset of its length field
   * @param length bytes of data
   */
  private record Chunk(String type, int start, int length) {

    static Chunk next(ByteBuffer in, String name) {
      int start = in.position();
      if (in.remaining() < CHUNK_OVERHEAD) {
        throw damaged(name, "it is cut off after %d bytes".formatted(in.limit()));
      }
      int length = in.getInt();
      byte[] type = new byte[4];
      in.get(type);
      if (length < 0 || length > in.remaining() - 4) {
        throw damaged(
            name,
            "the chunk at byte %d says it has %d bytes, but the file has %d more"
                .formatted(start, Integer.toUnsignedLong(length), in.remaining()));
      }
      in.position(start + CHUNK_OVERHEAD + length);
      return new Chunk(new String(type, StandardCharsets.ISO_8859_1), start, length);
    }

    int data() {
      return start + 8;
    }

    int total() {
      return length + CHUNK_OVERHEAD;
    }

    void requireChecksum(byte[] file, String name) {
      CRC32 crc = new CRC32();
      crc.update(file, start + 4, length + 4);
      int stated = ByteBuffer.wrap(file).getInt(data() + length);
      if ((int) crc.getValue() != stated) {
        throw damaged(
            name, "the checksum of the %s chunk at byte %d is wrong".formatted(type, start));
      }
    }
  }
}
