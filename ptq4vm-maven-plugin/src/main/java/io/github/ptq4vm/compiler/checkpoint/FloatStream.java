package io.github.ptq4vm.compiler.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads float32 from a stream of elements of another type, in pieces. */
final class FloatStream {
  private static final int PIECE = 1 << 16;

  private FloatStream() {}

  /**
   * Reads {@code count} elements.
   *
   * @throws EOFException if the stream ends before
   */
  static float[] read(InputStream in, Dtype dtype, int count) throws IOException {
    float[] values = new float[count];
    byte[] piece = new byte[PIECE];
    int most = PIECE / dtype.bytes();
    for (int at = 0; at < count; ) {
      int now = Math.min(most, count - at);
      int bytes = now * dtype.bytes();
      int got = in.readNBytes(piece, 0, bytes);
      if (got < bytes) {
        throw new EOFException("the data ends after " + (at + got / dtype.bytes()) + " elements");
      }
      dtype.decode(
          ByteBuffer.wrap(piece, 0, bytes).order(ByteOrder.LITTLE_ENDIAN), values, at, now);
      at += now;
    }
    return values;
  }
}
