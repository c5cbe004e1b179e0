package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.View;
import java.util.ArrayList;
import java.util.List;

/**
 * A view that has been checked against its storage, and the way from storage order to row-major
 * order.
 *
 * @param shape extents, outermost first
 * @param strides distance of neighbours along each extent, in elements
 * @param offset first element in the storage
 * @param elements number of elements
 * @param span elements of the storage from the first to the last one used, unused ones between them
 *     included; 0 if there are none
 */
record StridedLayout(List<Integer> shape, List<Long> strides, long offset, int elements, int span) {
  private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

  /**
   * Checks a view.
   *
   * @param what file and key, for the message
   * @throws CompileException if the view leaves its storage, or would hold more elements than its
   *     storage, as one with a stride of 0 does
   */
  static StridedLayout of(View view, String what) {
    List<Long> sizes = view.size();
    if (sizes.size() != view.stride().size()) {
      throw failure(view, what, "its size and stride must have the same rank");
    }
    if (view.offset() < 0) {
      throw failure(view, what, "its offset must not be negative");
    }
    List<Integer> shape = new ArrayList<>();
    try {
      long elements = 1;
      long last = 0;
      for (int i = 0; i < sizes.size(); i++) {
        long size = sizes.get(i);
        long stride = view.stride().get(i);
        if (size < 0 || size > MOST_ELEMENTS || stride < 0) {
          throw failure(view, what, "extents and strides must not be negative or huge");
        }
        shape.add((int) size);
        elements = Math.multiplyExact(elements, size);
        last = Math.addExact(last, Math.multiplyExact(Math.max(0, size - 1), stride));
      }
      long span = elements == 0 ? 0 : Math.addExact(last, 1);
      if (Math.addExact(view.offset(), span) > view.storage().elements()) {
        throw failure(view, what, "it reaches beyond its storage");
      }
      if (elements > view.storage().elements()) {
        throw failure(view, what, "it repeats elements of its storage, which weights do not");
      }
      if (span > MOST_ELEMENTS) {
        throw failure(view, what, "it is too large for this version");
      }
      return new StridedLayout(shape, view.stride(), view.offset(), (int) elements, (int) span);
    } catch (ArithmeticException e) {
      throw failure(view, what, "its extents overflow");
    }
  }

  private static CompileException failure(View view, String what, String why) {
    return new CompileException(
        String.format(
            "%s is a view of size %s, stride %s and offset %d over a storage of %d elements: %s."
                + " The file is damaged or was made by hand; get it again from its source.",
            what, view.size(), view.stride(), view.offset(), view.storage().elements(), why));
  }

  /** Whether the elements lie in the storage in row-major order without gaps. */
  boolean contiguous() {
    long expected = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      if (shape.get(i) > 1 && strides.get(i) != expected) {
        return false;
      }
      expected *= shape.get(i);
    }
    return true;
  }

  /**
   * Copies the elements into row-major order.
   *
   * @param stored the storage's elements from {@link #offset} on, {@link #span} of them
   */
  float[] gather(float[] stored) {
    float[] values = new float[elements];
    int[] index = new int[shape.size()];
    long position = 0;
    for (int i = 0; i < elements; i++) {
      values[i] = stored[(int) position];
      for (int d = index.length - 1; d >= 0; d--) {
        position += strides.get(d);
        if (++index[d] < shape.get(d)) {
          break;
        }
        position -= strides.get(d) * shape.get(d);
        index[d] = 0;
      }
    }
    return values;
  }
}
