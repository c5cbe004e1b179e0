package io.github.ptq4vm.network;

/**
 * The fixed orthogonal transform of {@link Rotation#HADAMARD} for a number of channels: {@code y =
 * H S x}. S is diagonal: fixed signs, over the root that makes the whole orthogonal. H is a
 * Hadamard transform of a power of two times a small dense matrix, so that it takes few additions:
 * with {@code channels = base * length}, channel {@code i*length + j}, the fast Walsh-Hadamard
 * transform runs over j, then the dense matrix over i.
 *
 * <p>The base is 12 or 20, with matrices of signs (Paley's), where channels are 3 or 5 times a
 * power of two that suffices; otherwise it is the largest odd divisor, with a symmetric orthogonal
 * matrix of cosines and sines (Hartley's). Formulas and order of additions: {@code
 * docs/numerics.md}.
 */
public final class ChannelRotation {
  private final int channels;
  private final int base;
  private final float[] matrix;
  private final float[] scale;

  private ChannelRotation(int channels) {
    this.channels = channels;
    int odd = channels >> Integer.numberOfTrailingZeros(channels);
    boolean signs = odd == 1 || (channels % 4 == 0 && (odd == 3 || odd == 5));
    this.base = odd == 1 || !signs ? odd : 4 * odd;
    this.matrix = odd == 1 ? new float[] {1} : signs ? paley(base - 1) : hartley(base);
    double norm = Math.sqrt(signs ? channels : channels / base);
    this.scale = new float[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = (float) (negative(c) ? -1 / norm : 1 / norm);
    }
  }

  /** The transform for a positive number of channels. */
  public static ChannelRotation of(int channels) {
    if (channels < 1) {
      throw new InvalidNetworkException(channels + " channels cannot be rotated.");
    }
    return new ChannelRotation(channels);
  }

  /** Number of channels. */
  public int channels() {
    return channels;
  }

  /** Side of the dense matrix. */
  public int base() {
    return base;
  }

  /** Length of the fast transform, a power of two. */
  public int length() {
    return channels / base;
  }

  /** Row-major dense matrix, {@code [base, base]}. */
  public float[] matrix() {
    return matrix.clone();
  }

  /** The diagonal of S, {@code [channels]}. */
  public float[] scale() {
    return scale.clone();
  }

  /**
   * Rotates rows in place.
   *
   * @param values {@code rows * channels} floats, row-major
   */
  public void apply(float[] values) {
    float[] column = new float[base];
    for (int row = 0; row < values.length; row += channels) {
      for (int c = 0; c < channels; c++) {
        values[row + c] *= scale[c];
      }
      for (int i = 0; i < base; i++) {
        walshHadamard(values, row + i * length(), length());
      }
      if (base > 1) {
        mix(values, row, column);
      }
    }
  }

  private void mix(float[] values, int row, float[] column) {
    int length = length();
    for (int j = 0; j < length; j++) {
      for (int i = 0; i < base; i++) {
        column[i] = values[row + i * length + j];
      }
      for (int i = 0; i < base; i++) {
        float sum = matrix[i * base] * column[0];
        for (int l = 1; l < base; l++) {
          sum = Math.fma(matrix[i * base + l], column[l], sum);
        }
        values[row + i * length + j] = sum;
      }
    }
  }

  private static void walshHadamard(float[] values, int at, int length) {
    for (int half = 1; half < length; half *= 2) {
      for (int i = at; i < at + length; i += 2 * half) {
        for (int j = i; j < i + half; j++) {
          float a = values[j];
          float b = values[j + half];
          values[j] = a + b;
          values[j + half] = a - b;
        }
      }
    }
  }

  /** Half of the channels, in no order: without them a constant would all go into channel 0. */
  private static boolean negative(int channel) {
    long z = (channel + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (z ^ (z >>> 31)) < 0;
  }

  /** Hadamard matrix of order {@code prime + 1}, the prime being 3 modulo 4. */
  private static float[] paley(int prime) {
    int order = prime + 1;
    float[] matrix = new float[order * order];
    for (int i = 0; i < order; i++) {
      for (int j = 0; j < order; j++) {
        boolean plus = i == 0 || (j > 0 && (i == j || isSquare(j - i + prime, prime)));
        matrix[i * order + j] = plus ? 1 : -1;
      }
    }
    return matrix;
  }

  private static boolean isSquare(int value, int prime) {
    for (int root = 1; root < prime; root++) {
      if (root * root % prime == value % prime) {
        return true;
      }
    }
    return false;
  }

  private static float[] hartley(int order) {
    float[] matrix = new float[order * order];
    for (int i = 0; i < order; i++) {
      for (int j = 0; j < order; j++) {
        double angle = 2 * Math.PI * (i * (long) j % order) / order;
        matrix[i * order + j] =
            (float) ((StrictMath.cos(angle) + StrictMath.sin(angle)) / Math.sqrt(order));
      }
    }
    return matrix;
  }
}
