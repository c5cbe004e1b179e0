package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DtypeTest {

  /** The definition of binary16: sign, scaled fraction; written without bit patterns of float32. */
  private static float halfByDefinition(int bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double sign = bits >= 0x8000 ? -1.0 : 1.0;
    if (exponent == 31) {
      return fraction == 0 ? (float) (sign * Double.POSITIVE_INFINITY) : Float.NaN;
    }
    double magnitude =
        exponent == 0
            ? Math.scalb(fraction / 1024.0, -14)
            : Math.scalb(1 + fraction / 1024.0, exponent - 15);
    return (float) (sign * magnitude);
  }

  @Test
  void decodesEveryHalf() {
    ByteBuffer all = TorchFile.little(2 * 65536);
    for (int bits = 0; bits < 65536; bits++) {
      all.putShort((short) bits);
    }
    float[] decoded = new float[65536];
    Dtype.F16.decode(all.flip(), decoded, 0, 65536);
    for (int bits = 0; bits < 65536; bits++) {
      assertThat(decoded[bits]).as("%04x", bits).isEqualTo(Float.valueOf(halfByDefinition(bits)));
    }
    assertThat(1 / decoded[0x8000]).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void knowsTheNamesOfBothFormats() {
    assertThat(Dtype.ofStorage("BFloat16Storage")).contains(Dtype.BF16);
    assertThat(Dtype.ofStorage("ComplexFloatStorage")).isEmpty();
    assertThat(Dtype.ofName("F64")).contains(Dtype.F64);
    assertThat(Dtype.ofName("F8_E4M3")).isEmpty();
  }
}
