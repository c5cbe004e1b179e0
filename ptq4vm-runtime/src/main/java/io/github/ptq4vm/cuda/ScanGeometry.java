package io.github.ptq4vm.cuda;

/**
 * How a selective scan is cut ({@code scan.cu}): which kernel, how many threads share a channel,
 * and in how many chunks a tile of tokens is scanned side by side. It follows from shapes alone, so
 * a batch of a size is computed alike on every GPU.
 *
 * @param launch the kernel's geometry
 * @param chunks parts of a tile, the kernel's argument
 */
record ScanGeometry(KernelGeometry launch, int chunks) {
  private static final int THREADS = 128;

  /** Tokens of a tile that is not cut, and of a chunk. */
  private static final int TILE = 32;

  private static final int CHUNK = 8;

  /** Half precision channels of the smallest piece that is moved at once. */
  private static final int MIN_CHANNELS = 8;

  /** With one thread a channel, more channels than this make tiles that take much shared memory. */
  private static final int MAX_CHANNELS = 64;

  /** States that one kernel takes at most: four a thread, 32 threads a channel. */
  static final int MAX_STATES = 128;

  /** Blocks that keep a large GPU busy. */
  private static final int ENOUGH_BLOCKS = 264;

  /** The geometry of a launch; the number of chunks that the arguments hold does not matter. */
  static ScanGeometry of(ScanParams params) {
    return of(params, chunks(params, each(params), sharers(params)));
  }

  /** The geometry for a number of chunks: a power of two that leaves a block eight channels. */
  static ScanGeometry of(ScanParams params, int chunks) {
    int each = each(params);
    int sharers = sharers(params);
    // Without cuts, one thread a channel would make blocks of more channels than a tile has room
    // for.
    boolean chunked = each == 1 || sharers == 1 || chunks > 1;
    int channels = THREADS / sharers / chunks;
    int tokens = chunked ? CHUNK * chunks : TILE;
    return new ScanGeometry(
        new KernelGeometry(
            each == 1 ? "scan_1" : chunked ? "scan_4_chunked" : "scan_4",
            groups(params, channels),
            params.images(),
            params.problems().size(),
            THREADS,
            sharedBytes(params, each * sharers, channels, tokens)),
        chunks);
  }

  /** States a thread carries. */
  private static int each(ScanParams params) {
    int states = params.states();
    if (states < 1 || states > MAX_STATES) {
      throw new IllegalArgumentException(
          "A scan of %d states cannot run on the GPU, which takes 1 to %d."
              .formatted(states, MAX_STATES));
    }
    return states == 1 ? 1 : 4;
  }

  /** Threads that share a channel. */
  private static int sharers(ScanParams params) {
    int sharers = 1;
    while (each(params) * sharers < params.states()) {
      sharers *= 2;
    }
    return sharers;
  }

  /** As few as fill the GPU; more for one thread a channel, whose tiles would be large. */
  private static int chunks(ScanParams params, int each, int sharers) {
    int chunks = Math.max(1, THREADS / sharers / MAX_CHANNELS);
    if (each == 1) {
      chunks *= 2;
    }
    if (sharers > 4) {
      return 1;
    }
    while (THREADS / sharers / (2 * chunks) >= MIN_CHANNELS
        && (long) groups(params, THREADS / sharers / chunks)
                * params.images()
                * params.problems().size()
            < ENOUGH_BLOCKS) {
      chunks *= 2;
    }
    return chunks;
  }

  private static int groups(ScanParams params, int channels) {
    return (params.channels() + channels - 1) / channels;
  }

  /** The sum of what {@code lay_out} of the kernel places, for the problem that needs most. */
  private static int sharedBytes(ScanParams params, int states, int channels, int tokens) {
    int largest = 0;
    int rank = params.rank();
    for (ScanProblem problem : params.problems()) {
      int rows =
          2 * pitch(problem.u(), channels)
              + 2 * (rank > 0 ? 4 * rank : pitch(problem.dt(), channels))
              + pitch(problem.y(), channels)
              + 2 * 2 * 4 * states;
      largest = Math.max(largest, rows);
    }
    int codeWords = 4 * ((rank + 15) / 16 | 1);
    int maps = 2 * 2 * 4;
    int scale = 8;
    return tokens * (largest + maps + scale + 4 * codeWords) + 4 * channels * codeWords + 4 * rank;
  }

  private static int pitch(DeviceValue value, int channels) {
    return Math.max(16, channels * value.type().bytes());
  }
}
