package io.github.ptq4vm.cuda;

/** Codes of a weight in the order tensor cores want them. */
final class WeightLayout {
  private WeightLayout() {}

  static byte[] of(byte[] codes, int out, int in, boolean fourBits) {
    int groups = KernelStruct.roundUp(out, 32) / 32;
    int blocks = KernelStruct.roundUp(in, 32) / 32;
    byte[] ordered = new byte[groups * blocks * 32 * (fourBits ? 16 : 32)];
    return ordered;
  }
}
