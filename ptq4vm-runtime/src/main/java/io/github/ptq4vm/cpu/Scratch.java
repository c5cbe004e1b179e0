package io.github.ptq4vm.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

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
  private final List<short[]> shorts = new ArrayList<>();
  private double[] doubles = new double[0];
  private final Map<Class<?>, Object> held = new HashMap<>();

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

  /** An array of at least {@code size} shorts for slot {@code slot}, 0 upwards. */
  short[] shorts(int slot, int size) {
    while (shorts.size() <= slot) {
      shorts.add(new short[0]);
    }
    if (shorts.get(slot).length < size) {
      shorts.set(slot, new short[size]);
    }
    return shorts.get(slot);
  }

  /** The one object of a type that a kernel keeps here, made when it is first asked for. */
  <T> T held(Class<T> type, Supplier<T> maker) {
    Object object = held.get(type);
    if (object == null) {
      object = maker.get();
      held.put(type, object);
    }
    return type.cast(object);
  }
}
