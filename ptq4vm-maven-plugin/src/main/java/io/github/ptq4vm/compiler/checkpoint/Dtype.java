package io.github.ptq4vm.compiler.checkpoint;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.stream.Stream;

/** Element types of checkpoint tensors: their names in both formats and the way to float32. */
enum Dtype {
  F32("FloatStorage", 4, true),
  F16("HalfStorage", 2, true),
  BF16("BFloat16Storage", 2, true),
  F64("DoubleStorage", 8, true),
  I64("LongStorage", 8, false),
  I32("IntStorage", 4, false),
  I16("ShortStorage", 2, false),
  I8("CharStorage", 1, false),
  U8("ByteStorage", 1, false),
  BOOL("BoolStorage", 1, false);

  private final String storage;
  private final int bytes;
  private final boolean floating;

  Dtype(String storage, int bytes, boolean floating) {
    this.storage = storage;
    this.bytes = bytes;
    this.floating = floating;
  }

  /** The type by its safetensors name. */
  static Optional<Dtype> ofName(String name) {
    return Stream.of(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** The type of a storage class in PyTorch's module {@code torch}. */
  static Optional<Dtype> ofStorage(String storage) {
    return Stream.of(values()).filter(type -> type.storage.equals(storage)).findFirst();
  }

  /** Bytes an element takes. */
  int bytes() {
    return bytes;
  }

  /** Whether elements can be read as float32. */
  boolean floating() {
    return floating;
  }

  /**
   * Converts little-endian elements to float32; doubles out of range become infinite.
   *
   * @param from {@code count} elements from its position on, in little-endian order
   * @param to receives the elements from index {@code at} on
   */
  void decode(ByteBuffer from, float[] to, int at, int count) {
    switch (this) {
      case F32 -> from.asFloatBuffer().get(to, at, count);
      case F16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = half(from.getShort());
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.intBitsToFloat(from.getShort() << 16);
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = (float) from.getDouble();
        }
      }
      default -> throw new IllegalStateException(this + " is not a floating point type.");
    }
  }

  /** IEEE half precision to float: exact. */
  private static float half(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0) {
      // Subnormal halves are multiples of 2^-24, which float32 holds as normal numbers.
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wide = exponent == 0x1f ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }
}
