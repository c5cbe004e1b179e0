package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The bytes of a pickle with a position; every read is checked and fails with the position. */
final class PickleInput {
  private static final int LONGEST_LINE = 1024;

  private final ByteBuffer bytes;
  private final String source;
  private int opcodeAt;

  /**
   * Starts at the first byte.
   *
   * @param source the file and entry, for messages
   */
  PickleInput(byte[] bytes, String source) {
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.source = source;
  }

  /** Reads the next opcode; failures name its position from here on. */
  int opcode() {
    opcodeAt = bytes.position();
    return unsigned1();
  }

  int unsigned1() {
    require(1);
    return bytes.get() & 0xff;
  }

  int unsigned2() {
    require(2);
    return bytes.getShort() & 0xffff;
  }

  int signed4() {
    require(4);
    return bytes.getInt();
  }

  long unsigned4() {
    return signed4() & 0xffffffffL;
  }

  long signed8() {
    require(8);
    return bytes.getLong();
  }

  void skip(long count) {
    require(count);
    bytes.position(bytes.position() + (int) count);
  }

  /** Reads a two's complement little-endian integer of at most eight bytes. */
  long integer(int length) {
    require(length);
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (bytes.get() & 0xffL) << (8 * i);
    }
    int unused = 64 - 8 * length;
    return length == 0 ? 0 : value << unused >> unused;
  }

  /** Reads a string of {@code length} bytes of UTF-8. */
  String text(long length) {
    require(length);
    ByteBuffer part = bytes.slice(bytes.position(), (int) length);
    skip(length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(part).toString();
    } catch (CharacterCodingException e) {
      throw failure("holds a string that is not valid UTF-8");
    }
  }

  /** Reads a string up to the next line feed, which is skipped. */
  String line() {
    int start = bytes.position();
    int length = 0;
    while (unsigned1() != '\n') {
      if (++length > LONGEST_LINE) {
        throw failure("holds a name of more than " + LONGEST_LINE + " bytes");
      }
    }
    bytes.position(start);
    String line = text(length);
    skip(1);
    return line;
  }

  /** A failure at the current opcode. */
  CompileException failure(String what) {
    return new CompileException(
        source
            + " "
            + what
            + " (opcode at byte "
            + opcodeAt
            + "). Only state dicts written by torch.save can be read; save the model's state_dict()"
            + " again, or as safetensors.");
  }

  private void require(long count) {
    if (count < 0 || count > bytes.remaining()) {
      throw failure(
          "is truncated or damaged: "
              + Long.toUnsignedString(count)
              + " bytes are wanted but "
              + bytes.remaining()
              + " are left");
    }
  }
}
