package io.github.ptq4vm.cuda;

import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cpu.Scratch;
import java.util.Arrays;
import java.util.Random;

/** The kernels of the CPU that the GPU's are compared with, and numbers to feed both. */
final class ScalarReference {
  private static final String PROPERTY = "ptq4vm.cpu.provider";

  /** The scalar provider: the formulas of docs/numerics.md. */
  static final CpuKernels KERNELS = scalar();

  private ScalarReference() {}

  private static CpuKernels scalar() {
    String wish = System.getProperty(PROPERTY);
    System.setProperty(PROPERTY, "scalar");
    try {
      return CpuKernels.best();
    } finally {
      if (wish == null) {
        System.clearProperty(PROPERTY);
      } else {
        System.setProperty(PROPERTY, wish);
      }
    }
  }

  static Scratch scratch() {
    return new Scratch();
  }

  /** Numbers of about 1, as a type can hold them. */
  static float[] values(Random random, int count, StorageType type) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Half.rounded((float) random.nextGaussian(), type);
    }
    return values;
  }

  /** Floats of about 1. */
  static float[] floats(Random random, int count) {
    return values(random, count, StorageType.F32);
  }

  /** Absolute values. */
  static float[] magnitudes(float[] values) {
    float[] result = values.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] = Math.abs(result[i]);
    }
    return result;
  }

  /** Rows of one image. */
  static float[] image(float[] data, int image, int size) {
    return Arrays.copyOfRange(data, image * size, (image + 1) * size);
  }

  /** A random order of rows in which about every fifth is missing. */
  static int[] order(Random random, int length) {
    int[] order = new int[length];
    for (int i = 0; i < length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    for (int i = 0; i < length; i++) {
      if (random.nextInt(5) == 0) {
        order[i] = -1;
      }
    }
    return order;
  }

  /** Rows in an order; zeros where one is missing. */
  static float[] gathered(float[] data, int[] order, int channels) {
    float[] result = new float[order.length * channels];
    for (int t = 0; t < order.length; t++) {
      if (order[t] >= 0) {
        System.arraycopy(data, order[t] * channels, result, t * channels, channels);
      }
    }
    return result;
  }
}
