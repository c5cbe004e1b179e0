package io.github.ptq4vm.network;

import java.util.List;

/**
 * A parameter's data: row-major, on the heap. Arrays are shared, not copied: whoever hands one over
 * gives it up.
 */
public sealed interface Tensor {

  /** Extents, outermost first. */
  List<Integer> shape();

  /** Element type. */
  ElementType type();

  /** Number of elements. */
  int size();

  /** Floats. */
  record Floats(List<Integer> shape, float[] data) implements Tensor {
    /** Checks that the data fills the shape. */
    public Floats {
      shape = List.copyOf(shape);
      requireElements(shape, data.length);
    }

    @Override
    public ElementType type() {
      return ElementType.F32;
    }

    @Override
    public int size() {
      return data.length;
    }
  }

  /** Bytes, signed ({@link ElementType#I8}) or unsigned ({@link ElementType#U8}). */
  record Bytes(ElementType type, List<Integer> shape, byte[] data) implements Tensor {
    /** Checks that the type is a byte type and the data fills the shape. */
    public Bytes {
      shape = List.copyOf(shape);
      if (type.bytes() != 1) {
        throw new IllegalArgumentException(type + " is not a byte type.");
      }
      requireElements(shape, data.length);
    }

    @Override
    public int size() {
      return data.length;
    }
  }

  /** Number of elements of a shape; fails when it exceeds an int or an extent is negative. */
  static int elements(List<Integer> shape) {
    long n = 1;
    for (int extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException("Negative extent in shape " + shape + ".");
      }
      n = Math.multiplyExact(n, (long) extent);
    }
    return Math.toIntExact(n);
  }

  private static void requireElements(List<Integer> shape, int length) {
    if (elements(shape) != length) {
      throw new IllegalArgumentException(
          "Shape " + shape + " needs " + elements(shape) + " elements but " + length + " came.");
    }
  }
}
