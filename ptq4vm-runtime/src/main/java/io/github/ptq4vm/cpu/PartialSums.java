package io.github.ptq4vm.cpu;

/**
 * Sums over a row in eight partial sums, element i in sum {@code i mod 8}, that are added in pairs:
 * the same on every provider, and without a chain of dependent additions. Elements beyond a
 * multiple of eight go to the first sum.
 */
final class PartialSums {
  private PartialSums() {}

  /** The sum. */
  static float sum(float[] x, int at, int count) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int end = at + count;
    int i = at;
    for (; i + 8 <= end; i += 8) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
      s4 += x[i + 4];
      s5 += x[i + 5];
      s6 += x[i + 6];
      s7 += x[i + 7];
    }
    for (; i < end; i++) {
      s0 += x[i];
    }
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }

  /** The sum of the squares of the differences from a value. */
  static float squares(float[] x, int at, int count, float from) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int end = at + count;
    int i = at;
    for (; i + 8 <= end; i += 8) {
      s0 = addSquare(x[i] - from, s0);
      s1 = addSquare(x[i + 1] - from, s1);
      s2 = addSquare(x[i + 2] - from, s2);
      s3 = addSquare(x[i + 3] - from, s3);
      s4 = addSquare(x[i + 4] - from, s4);
      s5 = addSquare(x[i + 5] - from, s5);
      s6 = addSquare(x[i + 6] - from, s6);
      s7 = addSquare(x[i + 7] - from, s7);
    }
    for (; i < end; i++) {
      s0 = addSquare(x[i] - from, s0);
    }
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }

  private static float addSquare(float d, float sum) {
    return Math.fma(d, d, sum);
  }
}
