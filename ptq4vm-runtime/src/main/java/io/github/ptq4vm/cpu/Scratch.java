package io.github.ptq4vm.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Working memory of one thread: arrays that grow to the largest size ever asked for and are then
 * reused. Their content is undefined; a kernel must not ask twice for the same slot while it still
 * uses the first array.
 */
public final class Scratch {
  /** First slot that no kernel uses itself: for who calls kernels on rows of its own. */
  static final int OUTSIDE = 8;

  private final List<float[]> floats = new ArrayList<>();
  private final List<int[]> ints = new ArrayList<>();
  private double[] doubles = new double[0];

  /** An array of at least {@code size} floats for slot {@code slot}, 0 upwards. */
  float[] floats(int slot, int size) {
    while (floats.size() <= slot) {
      floats.add(new float[0]);
    }
    if (floats.get(slot).length < size) {
      floats.set(slot, new float[size]);
    }
    return floats.get(slot);
  }

  /** An array of at least {@code size} ints for slot {@code slot}, 0 upwards. */
  int[] ints(int slot, int size) {
    while (ints.size() <= slot) {
      ints.add(new int[0]);
    }
    if (ints.get(slot).length < size) {
      ints.set(slot, new int[size]);
    }
    return ints.get(slot);
  }

  /** An array of at least {@code size} doubles. */
  double[] doubles(int size) {
    if (doubles.length < size) {
      doubles = new double[size];
    }
    return doubles;
  }
}
