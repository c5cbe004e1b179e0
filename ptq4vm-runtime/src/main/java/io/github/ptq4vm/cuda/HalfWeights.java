package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Rows of floats in half precision, each padded with zeros. */
final class HalfWeights {
  private HalfWeights() {}

  /**
   * Pads and rounds a matrix.
   *
   * @param rows row-major {@code [out, k]}
   */
  static byte[] pad(float[] rows, int out, int k) {
    int paddedK = KernelStruct.roundUp(k, DenseParams.K_PADDING);
    ByteBuffer halves =
        ByteBuffer.allocate(Math.multiplyExact(2 * out, paddedK)).order(ByteOrder.LITTLE_ENDIAN);
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < k; i++) {
        halves.putShort(2 * (o * paddedK + i), Halves.of(rows[o * k + i]));
      }
    }
    return halves.array();
  }
}
