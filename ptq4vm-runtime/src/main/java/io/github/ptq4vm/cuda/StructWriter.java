package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the fields of a C struct one after the other, as {@code params.cuh} lays them out: little
 * endian and without gaps, since pointers come first and structs are padded by fields of their own.
 * Remembers where pointers are, so that a struct can be moved to other memory.
 */
final class StructWriter {
  private final ByteBuffer buffer;
  private final List<Integer> pointers = new ArrayList<>();

  /**
   * An empty struct.
   *
   * @param size of the whole struct in bytes
   */
  StructWriter(int size) {
    this.buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An address in device memory, 0 for none. */
  StructWriter pointer(long address) {
    pointers.add(buffer.position());
    buffer.putLong(address);
    return this;
  }

  StructWriter int32(int value) {
    buffer.putInt(value);
    return this;
  }

  StructWriter float32(float value) {
    buffer.putFloat(value);
    return this;
  }

  /** A field that no one reads. */
  StructWriter unused() {
    return int32(0);
  }

  /** A struct inside this one. */
  StructWriter struct(KernelStruct value) {
    value.write(this);
    return this;
  }

  /** An array of structs inside this one; elements beyond the list are zero. */
  StructWriter structs(List<? extends KernelStruct> values, int length, KernelStruct absent) {
    if (values.size() > length) {
      throw new IllegalArgumentException(
          values.size() + " structs do not fit an array of " + length + ".");
    }
    values.forEach(this::struct);
    for (int i = values.size(); i < length; i++) {
      struct(absent);
    }
    return this;
  }

  /** The bytes of the struct, which must be complete. */
  byte[] bytes() {
    if (buffer.hasRemaining()) {
      throw new IllegalStateException(
          "A struct of " + buffer.capacity() + " bytes lacks " + buffer.remaining() + ".");
    }
    return buffer.array();
  }

  /** Offsets of the pointers, ascending. */
  int[] pointers() {
    return pointers.stream().mapToInt(Integer::intValue).toArray();
  }
}
