package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The checked header of a safetensors file: which tensors it holds and where. A file is an unsigned
 * 64-bit little-endian header length, that many bytes of JSON, and the tensors' data, row-major and
 * little-endian.
 *
 * <p>A header that was read is sound: dtypes are known, every range has exactly the bytes its shape
 * needs, and the ranges fill the file without holes, overlaps or trailing bytes.
 */
public final class SafetensorsHeader {

  /** Most bytes of JSON that are read, the limit of the reference implementation. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  static final int LENGTH_BYTES = 8;

  private static final Map<String, Integer> DTYPE_BYTES =
      Map.ofEntries(
          Map.entry("BOOL", 1),
          Map.entry("U8", 1),
          Map.entry("I8", 1),
          Map.entry("F8_E5M2", 1),
          Map.entry("F8_E4M3", 1),
          Map.entry("I16", 2),
          Map.entry("U16", 2),
          Map.entry("F16", 2),
          Map.entry("BF16", 2),
          Map.entry("I32", 4),
          Map.entry("U32", 4),
          Map.entry("F32", 4),
          Map.entry("I64", 8),
          Map.entry("U64", 8),
          Map.entry("F64", 8));

  private final SortedMap<String, Entry> entries;
  private final Map<String, String> metadata;

  private SafetensorsHeader(SortedMap<String, Entry> entries, Map<String, String> metadata) {
    this.entries = Collections.unmodifiableSortedMap(entries);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * A tensor's place in its file.
   *
   * @param dtype element type by its safetensors name, e.g. {@code F32} or {@code BF16}
   * @param shape extents, outermost first; empty for a scalar
   * @param begin offset of the first byte from the start of the file
   * @param end offset behind the last byte from the start of the file
   */
  public record Entry(String dtype, List<Integer> shape, long begin, long end) {

    /** Takes an immutable copy of the shape. */
    public Entry {
      shape = List.copyOf(shape);
    }

    /** Bytes the tensor takes. */
    public long bytes() {
      return end - begin;
    }
  }

  /**
   * Reads and checks the header of a file; nothing of the data is read.
   *
   * @param channel the file; read from position 0, and left anywhere
   * @param fileName what messages call the file
   * @throws CorruptModelException if the file is not sound safetensors, saying why
   * @throws IOException if the channel cannot be read
   */
  public static SafetensorsHeader read(SeekableByteChannel channel, String fileName)
      throws IOException {
    long size = channel.size();
    channel.position(0);
    byte[] length = readFully(channel, (int) Math.min(LENGTH_BYTES, size), fileName);
    int header = headerLength(length, size, fileName);
    return parse(readFully(channel, header, fileName), size, fileName);
  }

  /**
   * Reads and checks the header of a file that is in memory.
   *
   * @param file all bytes of the file
   * @param fileName what messages call the file
   * @throws CorruptModelException if the file is not sound safetensors, saying why
   */
  public static SafetensorsHeader read(byte[] file, String fileName) {
    int header = headerLength(file, file.length, fileName);
    byte[] json = Arrays.copyOfRange(file, LENGTH_BYTES, LENGTH_BYTES + header);
    return parse(json, file.length, fileName);
  }

  /** Tensors by name. */
  public SortedMap<String, Entry> entries() {
    return entries;
  }

  /** The {@code __metadata__} of the file, empty when there is none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  private static int headerLength(byte[] start, long size, String fileName) {
    if (size < LENGTH_BYTES) {
      throw new CorruptModelException(
          "\""
              + fileName
              + "\" is no safetensors file: it has "
              + size
              + " bytes, fewer than the 8 of the header length. "
              + "Check that the file was copied or downloaded completely.");
    }
    long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    long limit = Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES);
    if (length < 2 || length > limit) {
      throw new CorruptModelException(
          "\""
              + fileName
              + "\" claims a safetensors header of "
              + Long.toUnsignedString(length)
              + " bytes, but between 2 and "
              + limit
              + " are possible in a file of "
              + size
              + " bytes. Check that it is a safetensors file and complete.");
    }
    return (int) length;
  }

  private static byte[] readFully(SeekableByteChannel channel, int length, String fileName)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new CorruptModelException(
            "\""
                + fileName
                + "\" ended while it was read. It was changed meanwhile; read it again.");
      }
    }
    return buffer.array();
  }

  private static SafetensorsHeader parse(byte[] json, long size, String fileName) {
    long dataBegin = LENGTH_BYTES + (long) json.length;
    JsonValue root = JsonValue.parse(json, "\"" + fileName + "\" (safetensors header)");
    SortedMap<String, Entry> entries = new TreeMap<>();
    Map<String, String> metadata = new TreeMap<>();
    for (String name : root.names()) {
      JsonValue value = root.field(name);
      if (name.equals("__metadata__")) {
        for (String key : value.names()) {
          metadata.put(key, value.field(key).string());
        }
      } else {
        entries.put(name, entry(value, dataBegin, size));
      }
    }
    requireFilled(entries, dataBegin, size, fileName);
    return new SafetensorsHeader(entries, metadata);
  }

  private static Entry entry(JsonValue value, long dataBegin, long size) {
    value.requireOnly("dtype", "shape", "data_offsets");
    String dtype = value.field("dtype").string();
    Integer elementBytes = DTYPE_BYTES.get(dtype);
    if (elementBytes == null) {
      throw value.field("dtype").corrupt("is not a known dtype");
    }
    List<Integer> shape = new ArrayList<>();
    long bytes = elementBytes;
    for (JsonValue extent : value.field("shape").elements()) {
      shape.add(extent.integer(0, Integer.MAX_VALUE));
      bytes = multiply(value, bytes, shape.get(shape.size() - 1));
    }
    List<JsonValue> offsets = value.field("data_offsets").elements();
    if (offsets.size() != 2) {
      throw value.field("data_offsets").corrupt("should hold two offsets");
    }
    long begin = offsets.get(0).longInteger(0, size - dataBegin);
    long end = offsets.get(1).longInteger(begin, size - dataBegin);
    if (end - begin != bytes) {
      throw value.corrupt("should take " + bytes + " bytes by its dtype and shape");
    }
    return new Entry(dtype, shape, dataBegin + begin, dataBegin + end);
  }

  private static long multiply(JsonValue value, long bytes, int extent) {
    try {
      return Math.multiplyExact(bytes, (long) extent);
    } catch (ArithmeticException e) {
      throw value.field("shape").corrupt("is too large");
    }
  }

  private static void requireFilled(
      Map<String, Entry> entries, long dataBegin, long size, String fileName) {
    List<Map.Entry<String, Entry>> ordered = new ArrayList<>(entries.entrySet());
    ordered.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    long position = dataBegin;
    for (Map.Entry<String, Entry> entry : ordered) {
      if (entry.getValue().begin() != position) {
        throw new CorruptModelException(
            "The tensor \""
                + entry.getKey()
                + "\" in \""
                + fileName
                + "\" begins at byte "
                + entry.getValue().begin()
                + " of the file, but the one in front of it ends at "
                + position
                + ": tensors must follow each other without holes or overlaps. "
                + "Write the file again.");
      }
      position = entry.getValue().end();
    }
    if (position != size) {
      throw new CorruptModelException(
          "\""
              + fileName
              + "\" has "
              + size
              + " bytes but its tensors end at "
              + position
              + ": something was appended to it. Copy or download it again.");
    }
  }
}
