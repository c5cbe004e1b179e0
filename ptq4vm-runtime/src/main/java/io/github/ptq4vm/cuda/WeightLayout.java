package io.github.ptq4vm.cuda;

/**
 * Codes of a quantized weight in the order tensor cores want them ({@code docs/gpu.md}): groups of
 * 32 output channels, in them blocks of 32 input channels, in them 16 or 32 bytes for each of a
 * warp's 32 lanes.
 */
final class WeightLayout {
  /** Output channels of a group, input channels of a block, lanes of a warp. */
  private static final int WIDTH = 32;

  private WeightLayout() {}

  /**
   * Brings codes into order. Codes beyond the weight's edges are 0.
   *
   * @param codes one a byte, row-major {@code [out, in]}
   * @param fourBits whether two codes, of four bits each, share a byte
   */
  static byte[] of(byte[] codes, int out, int in, boolean fourBits) {
    int groups = KernelStruct.roundUp(out, WIDTH) / WIDTH;
    int blocks = KernelStruct.roundUp(in, WIDTH) / WIDTH;
    int blockBytes = WIDTH * WIDTH / (fourBits ? 2 : 1);
    byte[] ordered = new byte[Math.multiplyExact(Math.multiplyExact(groups, blocks), blockBytes)];
    for (int o = 0; o < out; o++) {
      int column = o % WIDTH;
      int group = o / WIDTH;
      for (int k = 0; k < in; k++) {
        int block = group * blocks + k / WIDTH;
        byte code = codes[o * in + k];
        if (fourBits) {
          // The high channel's code in the high nibble; either may come first.
          ordered[block * blockBytes + nibblesAt(column, k % WIDTH)] |=
              (byte) (isHigh(k) ? code << 4 : code & 15);
        } else {
          ordered[block * blockBytes + byteAt(column, k % WIDTH)] = code;
        }
      }
    }
    return ordered;
  }

  /** Whether an input channel is one of the last 16 of its block. */
  private static boolean isHigh(int channel) {
    return channel % WIDTH >= WIDTH / 2;
  }

  /** The tile of eight columns that a column of a group is in. */
  private static int tile(int column) {
    return column % 8 / 2;
  }

  /** The lane that multiplies a column of a group by an input channel of a block. */
  private static int lane(int column, int channel) {
    int columnOfTile = 2 * (column / 8) + column % 2;
    return 4 * columnOfTile + channel % 16 / 4;
  }

  /** Place in a block of a byte that holds one code: {@code [tile pair][lane][tile][half][4]}. */
  private static int byteAt(int column, int channel) {
    int tile = tile(column);
    int half = isHigh(channel) ? 1 : 0;
    return (tile / 2 * WIDTH + lane(column, channel)) * 16
        + (tile % 2 * 2 + half) * 4
        + channel % 4;
  }

  /** Place in a block of a byte that holds two codes: {@code [lane][tile][4]}. */
  private static int nibblesAt(int column, int channel) {
    return lane(column, channel) * 16 + tile(column) * 4 + channel % 4;
  }
}
