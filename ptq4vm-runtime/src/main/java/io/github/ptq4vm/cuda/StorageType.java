package io.github.ptq4vm.cuda;

/** Element types of a value in device memory, in the order of {@code params.cuh}. */
enum StorageType {
  /** IEEE half precision. */
  F16(2),
  /** IEEE single precision. */
  F32(4),
  /** Unsigned bytes: input codes of a quantized linear, or bytes of pixels. */
  CODES(1);

  private final int bytes;

  StorageType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes an element takes. */
  int bytes() {
    return bytes;
  }
}
