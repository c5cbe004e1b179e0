package io.github.ptq4vm.cuda;

/** How rows are cut ({@code rows.cu}), and what threads that make them together need. */
final class RowsGeometry {
  /** Threads of a block, and warps among them. */
  static final int THREADS = 256;

  static final int WARPS = THREADS / 32;

  /** Longer rows are made by a whole block, others by a warp each. */
  private static final int LONGEST_WARP_ROW = 1536;

  /** What the warps of a block exchange: two floats each. */
  static final int EXCHANGE_BYTES = 2 * WARPS * Float.BYTES;

  private RowsGeometry() {}

  /** The geometry of a launch that writes rows. */
  static KernelGeometry of(RowsParams params) {
    int channels = params.source().channels();
    int rows = Math.multiplyExact(params.images(), params.source().tokens());
    int blocks = isWarpRow(channels) ? (int) ((rows + (long) WARPS - 1) / WARPS) : rows;
    return new KernelGeometry(
        "rows", blocks, 1, 1, THREADS, EXCHANGE_BYTES + scratchBytes(channels));
  }

  static boolean isWarpRow(int channels) {
    return channels <= LONGEST_WARP_ROW;
  }

  /**
   * Shared memory for the rows that a block makes at a time: floats, every 32 followed by eight
   * that are left free.
   */
  static int scratchBytes(int channels) {
    int floats = KernelStruct.roundUp(channels, 32) / 32 * 40;
    return Math.multiplyExact(floats, Float.BYTES * (isWarpRow(channels) ? WARPS : 1));
  }
}
