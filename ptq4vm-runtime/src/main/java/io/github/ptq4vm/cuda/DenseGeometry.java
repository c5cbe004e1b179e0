package io.github.ptq4vm.cuda;

/** How a convolution or linear in floating point is cut ({@code dense.cu}). */
final class DenseGeometry {
  private static final int THREADS = 256;

  /** Columns of a block, in both precisions. */
  private static final int COLUMNS = 64;

  private static final int BIG_ROWS = 128;
  private static final int SMALL_ROWS = 32;

  /** Big blocks that fill a large GPU. */
  private static final int ENOUGH = 128;

  /** Halves of a row of a step in shared memory, and steps that are there at a time. */
  private static final int HALF_PITCH = 40;

  private static final int STAGES = 3;

  private static final int SINGLE_ROWS = 64;
  private static final int SINGLE_DEPTH = 16;
  private static final int SINGLE_PITCH = 68;

  private DenseGeometry() {}

  /**
   * The geometry of a launch.
   *
   * @param half whether weights are in half precision and products on tensor cores
   */
  static KernelGeometry of(DenseParams params, boolean half) {
    int tokens = Math.multiplyExact(params.outHeight(), params.outWidth());
    int rows = Math.multiplyExact(params.images(), tokens);
    int columns = blocks(params.outChannels(), COLUMNS);
    if (!half) {
      return new KernelGeometry(
          "dense_f32",
          Math.multiplyExact(blocks(rows, SINGLE_ROWS), columns),
          1,
          1,
          THREADS,
          2 * SINGLE_DEPTH * SINGLE_PITCH * Float.BYTES);
    }
    int big = Math.multiplyExact(blocks(rows, BIG_ROWS), columns);
    int height = big >= ENOUGH ? BIG_ROWS : SMALL_ROWS;
    return new KernelGeometry(
        "dense_f16",
        Math.multiplyExact(blocks(rows, height), columns),
        1,
        1,
        THREADS,
        STAGES * (height + COLUMNS) * HALF_PITCH * Short.BYTES);
  }

  private static int blocks(int size, int block) {
    return (int) (((long) size + block - 1) / block);
  }
}
