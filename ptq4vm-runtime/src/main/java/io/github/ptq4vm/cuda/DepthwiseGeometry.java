package io.github.ptq4vm.cuda;

/** How a depthwise convolution is cut ({@code depthwise.cu}). */
final class DepthwiseGeometry {
  private static final int THREADS = 256;

  /** Channels a thread computes. */
  private static final int CHANNELS = 8;

  /** Tokens a thread computes: along a sequence, along a row of a grid, where there is little. */
  private static final int LONG_SEQUENCE_RUN = 8;

  private static final int LONG_GRID_RUN = 4;
  private static final int SHORT_RUN = 2;

  /** Results of eight channels that fill a large GPU in long runs. */
  private static final long ENOUGH = 1 << 19;

  /**
   * Taps along a sequence, and side of a kernel on a grid, that the kernel has its own code for.
   */
  private static final int TAPS = 4;

  private static final int SIDE = 3;

  private DepthwiseGeometry() {}

  /** The geometry of a launch, whose problems all have one type of input. */
  static KernelGeometry of(DepthwiseParams params) {
    boolean grid = params.height() > 0;
    int run = run(params, grid);
    int line = grid ? params.width() : params.tokens();
    int lines = grid ? params.height() : 1;
    int runs = Math.multiplyExact(lines, (line + run - 1) / run);
    int threads = Math.multiplyExact(runs, groups(params));
    return new KernelGeometry(
        "depthwise",
        (threads + THREADS - 1) / THREADS,
        params.images(),
        params.problems().size(),
        THREADS,
        0);
  }

  private static int run(DepthwiseParams params, boolean grid) {
    if (params.kernel() != (grid ? SIDE : TAPS)) {
      return 1;
    }
    long results =
        (long) groups(params) * params.tokens() * params.images() * params.problems().size();
    boolean half = params.problems().get(0).input().type() == StorageType.F16;
    if (!half || results < ENOUGH) {
      return SHORT_RUN;
    }
    return grid ? LONG_GRID_RUN : LONG_SEQUENCE_RUN;
  }

  private static int groups(DepthwiseParams params) {
    return (params.channels() + CHANNELS - 1) / CHANNELS;
  }

  /**
   * A weight as the kernel reads it, channels innermost.
   *
   * @param weight row-major {@code [channels, taps]}, where the places of a kernel on a grid count
   *     as taps
   * @return row-major {@code [taps, channels]}
   */
  static float[] channelsInnermost(float[] weight, int channels) {
    int taps = weight.length / channels;
    float[] transposed = new float[weight.length];
    for (int c = 0; c < channels; c++) {
      for (int j = 0; j < taps; j++) {
        transposed[j * channels + c] = weight[c * taps + j];
      }
    }
    return transposed;
  }
}
