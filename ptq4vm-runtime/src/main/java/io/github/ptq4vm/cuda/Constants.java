package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a model keeps in device memory for as long as it is loaded: weights, tables and maps, each
 * once, one behind the other in the arena of constants.
 */
final class Constants {
  private final Map<Object, Long> addresses = new HashMap<>();
  private final List<Part> parts = new ArrayList<>();
  private long end;

  /**
   * Something in the arena.
   *
   * @param offset from the start of the arena
   */
  record Part(long offset, byte[] bytes) {}

  /** All parts, in order. */
  List<Part> parts() {
    return List.copyOf(parts);
  }

  /** Bytes of the arena, at least 1. */
  long bytes() {
    return Math.max(1, end);
  }

  /**
   * The address of bytes that are made when their name is new.
   *
   * @param name what identifies them
   */
  long bytes(Object name, Supplier<byte[]> bytes) {
    Long known = addresses.get(name);
    if (known != null) {
      return known;
    }
    Part part = new Part(Addresses.align(end), bytes.get());
    parts.add(part);
    end = part.offset() + part.bytes().length;
    long address = Addresses.of(Addresses.CONSTANTS, part.offset());
    addresses.put(name, address);
    return address;
  }

  /** The address of floats that are made when their name is new. */
  long floats(Object name, Supplier<float[]> floats) {
    return bytes(
        name,
        () -> {
          float[] values = floats.get();
          ByteBuffer buffer = littleEndian(Float.BYTES * values.length);
          buffer.asFloatBuffer().put(values);
          return buffer.array();
        });
  }

  /** The address of integers that are made when their name is new. */
  long integers(Object name, Supplier<int[]> integers) {
    return bytes(
        name,
        () -> {
          int[] values = integers.get();
          ByteBuffer buffer = littleEndian(Integer.BYTES * values.length);
          buffer.asIntBuffer().put(values);
          return buffer.array();
        });
  }

  /** The address of a map of rows; equal maps are kept once. */
  long map(int[] rows) {
    return integers(IntBuffer.wrap(rows.clone()), () -> rows);
  }

  /** Forgets what has been uploaded; nothing can be added any more. */
  void release() {
    parts.clear();
    addresses.clear();
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
