package io.github.ptq4vm.compiler.tensor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Recycles large arrays: a learning step needs the same ones as the step before, and the garbage
 * collector would spend more time clearing them than the kernels spend filling them.
 */
public final class Buffers {
  private final Map<Integer, Deque<float[]>> free = new HashMap<>();
  private final Map<float[], Boolean> taken = new IdentityHashMap<>();

  /** An array of exactly {@code size} floats with arbitrary contents. */
  public float[] take(int size) {
    Deque<float[]> queue = free.get(size);
    float[] array = queue == null || queue.isEmpty() ? new float[size] : queue.pop();
    taken.put(array, Boolean.TRUE);
    return array;
  }

  /** Gives one array back; an array that was not taken here is left alone. */
  public void release(float[] array) {
    if (taken.remove(array) != null) {
      free.computeIfAbsent(array.length, size -> new ArrayDeque<>()).push(array);
    }
  }

  /** Lets go of one array, so that the caller may keep it. */
  public float[] keep(float[] array) {
    taken.remove(array);
    return array;
  }

  /** Gives back everything that is out. */
  public void releaseAll() {
    for (float[] array : taken.keySet()) {
      free.computeIfAbsent(array.length, size -> new ArrayDeque<>()).push(array);
    }
    taken.clear();
  }

  /** Forgets the free arrays: their sizes will not come again. */
  public void trim() {
    free.clear();
  }
}
