package io.github.ptq4vm.cuda;

/** Half precision as bits; Java 17 has no conversion. */
final class Halves {
  private Halves() {}

  /** The nearest half, ties to even; infinity beyond the largest. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude < 0x1p-14f) {
      // Multiples of 2^-24, which float additions round to here.
      return (short)
          (sign | Float.floatToRawIntBits(magnitude + 0.5f) - Float.floatToRawIntBits(0.5f));
    }
    int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
    int half = (rounded >>> 13) - (112 << 10);
    return (short) (sign | Math.min(half, 0x7c00));
  }

  /** The value of a half. */
  static float toFloat(short half) {
    int magnitude = half & 0x7fff;
    float value =
        magnitude < 0x0400
            ? magnitude * 0x1p-24f
            : magnitude >= 0x7c00
                ? magnitude == 0x7c00 ? Float.POSITIVE_INFINITY : Float.NaN
                : Float.intBitsToFloat((magnitude << 13) + (112 << 23));
    return half < 0 ? -value : value;
  }
}
