package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;

/**
 * How quantized linears are cut ({@code linear.cu}). A block quantizes some rows and multiplies
 * them by a range of columns; if there are several ranges, each quantizes the rows again, so there
 * are only as many as keep the GPU busy.
 *
 * @param rows tokens a block computes
 * @param columns output channels a block computes, a multiple of 32
 */
record LinearGeometry(KernelGeometry launch, int rows, int columns) {
  /** Rows that tensor cores multiply at a time. */
  private static final int TILE = 16;

  /** Rows of a block, where there are enough to fill the GPU with such blocks. */
  private static final int[] LARGE_TILES = {64, 32, TILE};

  /** Rows of a block where there are few, or where no more fit into shared memory. */
  private static final int[] SMALL_TILES = {8, 4, 2, 1};

  /** Blocks that share a multiprocessor; registers suffice for two. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 2;

  /** Shared memory that the driver takes of each block. */
  private static final int RESERVED_BYTES = 1024;

  /** Step, zero point, image and token of a row. */
  private static final int ROW_META_BYTES = 16;

  /**
   * The geometry of a launch.
   *
   * @param tokens of all images
   * @param in input channels
   * @param out output channels
   * @param fourBits whether two codes of the weight share a byte
   * @param problems of the launch
   * @throws GpuUnavailableException if not even one row fits into shared memory
   */
  static LinearGeometry of(
      int tokens, int in, int out, boolean fourBits, int problems, GpuTraits gpu) {
    int groups = KernelStruct.roundUp(out, LinearProblem.PADDING) / LinearProblem.PADDING;
    int rows = rows(tokens, in, problems, gpu);
    int tiles = blocks(tokens, rows);
    long wanted = (long) BLOCKS_PER_MULTIPROCESSOR * gpu.multiprocessors();
    long ranges = Math.max(1, Math.min(groups, wanted / ((long) tiles * problems)));
    int groupsOfRange = blocks(groups, (int) ranges);
    return new LinearGeometry(
        new KernelGeometry(
            (fourBits ? "linear_w4_m" : "linear_w8_m") + (rows > TILE ? 64 : TILE),
            tiles,
            blocks(groups, groupsOfRange),
            problems,
            RowsGeometry.THREADS,
            sharedBytes(rows, in)),
        rows,
        groupsOfRange * LinearProblem.PADDING);
  }

  private static int rows(int tokens, int in, int problems, GpuTraits gpu) {
    int half = (gpu.sharedBytes() + RESERVED_BYTES) / BLOCKS_PER_MULTIPROCESSOR - RESERVED_BYTES;
    for (int rows : LARGE_TILES) {
      if ((long) blocks(tokens, rows) * problems >= gpu.multiprocessors()
          && sharedBytes(rows, in) <= half) {
        return rows;
      }
    }
    // With one row a warp, a block is ready to multiply soonest.
    boolean few = (long) blocks(tokens, TILE) * problems < gpu.multiprocessors();
    if (!few && sharedBytes(TILE, in) <= gpu.sharedBytes()) {
      return TILE;
    }
    for (int rows : SMALL_TILES) {
      if (sharedBytes(rows, in) <= gpu.sharedBytes()) {
        return rows;
      }
    }
    throw new GpuUnavailableException(
        "A quantized linear of "
            + in
            + " input channels needs "
            + sharedBytes(1, in)
            + " bytes of a GPU's shared memory, but a block has "
            + gpu.sharedBytes()
            + ". Run the model on the CPU, or on a GPU with more shared memory.");
  }

  /** Codes, what belongs to each row, what warps exchange, and rows that are being made. */
  private static int sharedBytes(int rows, int in) {
    int pitch = KernelStruct.roundUp(in, LinearProblem.PADDING) + 16;
    return Math.addExact(
        Math.multiplyExact(rows, pitch + ROW_META_BYTES),
        RowsGeometry.EXCHANGE_BYTES + RowsGeometry.scratchBytes(in));
  }

  private static int blocks(int size, int block) {
    return (int) ((size + (long) block - 1) / block);
  }
}
