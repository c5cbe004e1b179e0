package io.github.ptq4vm.cuda;

/** Codes of a weight in the order tensor cores want them. */
final class WeightLayout {
  private WeightLayout() {}

  static byte[] of(byte[] codes, int out, int in, boolean fourBits) {
    int groups = KernelStruct.roundUp(out, 32) / 32;
    int blocks = KernelStruct.roundUp(in, 32) / 32;
    int lane = fourBits ? 16 : 32;
    byte[] ordered = new byte[groups * blocks * 32 * lane];
    for (int g = 0; g < groups; g++) {
      for (int b = 0; b < blocks; b++) {
        for (int l = 0; l < 32; l++) {
          for (int j = 0; j < 4; j++) {
            int o = 32 * g + 8 * (l / 4 / 2) + 2 * j + l / 4 % 2;
            for (int i = 0; i < 4; i++) {
              int k = 32 * b + 4 * (l % 4) + i;
              int low = o < out && k < in ? codes[o * in + k] : 0;
              int high = o < out && k + 16 < in ? codes[o * in + k + 16] : 0;
              int block = (g * blocks + b) * 32 * lane;
              if (fourBits) {
                ordered[block + l * 16 + 4 * j + i] = (byte) (low & 15 | high << 4);
              } else {
                int at = block + j / 2 * 512 + l * 16 + j % 2 * 8 + i;
                ordered[at] = (byte) low;
                ordered[at + 4] = (byte) high;
              }
            }
          }
        }
      }
    }
    return ordered;
  }
}
