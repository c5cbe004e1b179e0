package io.github.ptq4vm.artifact;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a jar whose bytes depend on its entries alone: uncompressed, with one fixed time in UTC.
 * The data of an entry can start at a multiple of {@link SafetensorsWriter#ALIGNMENT} bytes from
 * the start of the jar.
 */
final class StoredJarWriter implements AutoCloseable {

  private static final Instant EARLIEST = Instant.parse("1980-01-01T00:00:02Z");
  private static final Instant LATEST = Instant.parse("2099-12-31T23:59:59Z");

  private static final int LOCAL_HEADER_BYTES = 30;

  /** Extra field that holds an alignment and padding, as Android's zipalign writes it. */
  private static final int ALIGNMENT_FIELD = 0xD935;

  private static final int ALIGNMENT_FIELD_BYTES = 6;

  private final Counter counter;
  private final ZipOutputStream zip;
  private final LocalDateTime time;

  /**
   * Starts a jar.
   *
   * @param out where to; closed with this
   * @param time time of every entry, from 1980 to 2099
   */
  StoredJarWriter(OutputStream out, Instant time) {
    if (time.isBefore(EARLIEST) || time.isAfter(LATEST)) {
      throw new IllegalArgumentException(
          "The output timestamp "
              + time
              + " cannot be written into a jar; it should lie between "
              + EARLIEST
              + " and "
              + LATEST
              + ".");
    }
    this.counter = new Counter(out);
    this.zip = new ZipOutputStream(counter, StandardCharsets.UTF_8);
    this.time = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
    zip.setMethod(ZipOutputStream.STORED);
  }

  /** Bytes that can be written more than once. */
  @FunctionalInterface
  interface Content {

    /** Writes the bytes, the same at every call. */
    void writeTo(OutputStream out) throws IOException;

    /** Content of a text. */
    static Content of(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return out -> out.write(bytes);
    }

    /** Size and digest. */
    default FileDigest digest() throws IOException {
      MessageDigest sha256 = FileDigest.newSha256();
      Counter counter = new Counter(OutputStream.nullOutputStream());
      try (OutputStream out = new DigestOutputStream(counter, sha256)) {
        writeTo(out);
      }
      return new FileDigest(counter.written, FileDigest.hex(sha256.digest()));
    }
  }

  /** Adds an entry. */
  void add(String name, Content content) throws IOException {
    add(name, content, false);
  }

  /** Adds an entry whose data is aligned. */
  void addAligned(String name, Content content) throws IOException {
    add(name, content, true);
  }

  private void add(String name, Content content, boolean aligned) throws IOException {
    CRC32 crc = new CRC32();
    Counter size = new Counter(OutputStream.nullOutputStream());
    try (OutputStream out = new CheckedOutputStream(size, crc)) {
      content.writeTo(out);
    }
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(size.written);
    entry.setCompressedSize(size.written);
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(time);
    if (aligned) {
      zip.flush();
      entry.setExtra(padding(name));
    }
    zip.putNextEntry(entry);
    content.writeTo(zip);
    zip.closeEntry();
  }

  private byte[] padding(String name) {
    int alignment = SafetensorsWriter.ALIGNMENT;
    int nameBytes = name.getBytes(StandardCharsets.UTF_8).length;
    long data = counter.written + LOCAL_HEADER_BYTES + nameBytes + ALIGNMENT_FIELD_BYTES;
    int zeros = (int) Math.floorMod(-data, (long) alignment);
    return ByteBuffer.allocate(ALIGNMENT_FIELD_BYTES + zeros)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) ALIGNMENT_FIELD)
        .putShort((short) (Short.BYTES + zeros))
        .putShort((short) alignment)
        .array();
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }

  /** Counts what passes. */
  private static final class Counter extends FilterOutputStream {
    private long written;

    Counter(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      written++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      written += length;
    }
  }
}
