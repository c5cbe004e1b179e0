package io.github.ptq4vm.cuda;

/** IEEE half precision, which Java 17 does not know. */
final class Half {
  private Half() {}

  /** The nearest half, ties to even, as bits. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    double magnitude = Math.abs((double) value);
    if (Double.isNaN(magnitude)) {
      return 0x7fff;
    }
    if (magnitude >= 65520) {
      return (short) (sign | 0x7c00);
    }
    int exponent = Math.max(-14, Math.getExponent(magnitude));
    // Units of the last place: below 2048 of them, or exactly 2048 where rounding goes up.
    int units = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
    return (short) (sign | (units < 1024 ? units : ((exponent + 15) << 10) + units - 1024));
  }

  /** The value of a half. */
  static float value(short half) {
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    float magnitude =
        exponent == 31
            ? fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN
            : exponent == 0
                ? Math.scalb((float) fraction, -24)
                : Math.scalb((float) (1024 + fraction), exponent - 25);
    return half < 0 ? -magnitude : magnitude;
  }

  /** The value a float has in a type. */
  static float rounded(float value, StorageType type) {
    return type == StorageType.F16 ? value(of(value)) : value;
  }

  /** Rounds values to those of a type, in place. */
  static void round(float[] values, StorageType type) {
    for (int i = 0; i < values.length; i++) {
      values[i] = rounded(values[i], type);
    }
  }

  /** How far rounding to a type can move a value. */
  static double error(double value, StorageType type) {
    return type == StorageType.F16 ? Math.abs(value) * 0x1.01p-11 + 0x1p-25 : 0;
  }
}
