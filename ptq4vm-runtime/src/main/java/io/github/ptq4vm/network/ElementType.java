package io.github.ptq4vm.network;

/** Element types of parameters; the names are those of the safetensors format. */
public enum ElementType {
  /** IEEE single precision. */
  F32(4),
  /** Signed byte: 6 and 8 bit weight codes. */
  I8(1),
  /** Unsigned byte: zero points, and pairs of 4 bit weight codes. */
  U8(1);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes an element takes. */
  public int bytes() {
    return bytes;
  }
}
