package io.github.ptq4vm.cuda;

/**
 * How a selective scan is cut ({@code scan.cu}): which kernel, how many threads share a channel,
 * and in how many chunks a tile of tokens is scanned side by side. It follows from shapes alone
 * wherever shared memory has room, so a batch of a size is computed alike on such GPUs.
 *
 * @param launch the kernel's geometry
 * @param chunks parts of a tile, the kernel's argument
 */
record ScanGeometry(KernelGeometry launch, int chunks) {
  /** States that one kernel takes at most: four a thread, 32 threads a channel. */
  static final int MAX_STATES = 128;

  /** Threads of a block, but for the kernel with all states in one thread. */
  private static final int THREADS = 128;

  private static final int WIDE_THREADS = 64;
  private static final int WIDE_STATES = 16;

  /** Tokens of a tile that is not cut, and of a chunk. */
  private static final int TILE = 32;

  private static final int WIDE_TILE = 16;

  private static final int CHUNK = 8;

  /** Channels of the smallest piece that is moved at once, and of what a tile has room for. */
  private static final int MIN_CHANNELS = 8;

  private static final int MAX_CHANNELS = 64;

  /** Blocks that keep a large GPU busy: two a multiprocessor, and eight. */
  private static final int ENOUGH_BLOCKS = 264;

  private static final int MANY_BLOCKS = 1056;

  /** Threads that share a channel can be cut from tiles up to this number. */
  private static final int MAX_CHUNKED_SHARERS = 4;

  /**
   * A way to cut.
   *
   * @param threads of a block
   * @param each states a thread carries
   * @param sharers threads that share a channel
   */
  private record Cut(String kernel, int threads, int each, int sharers, int chunks, int tokens) {
    int channels() {
      return threads / sharers / chunks;
    }

    int groups(ScanParams params) {
      return (params.channels() + channels() - 1) / channels();
    }

    long blocks(ScanParams params) {
      return (long) groups(params) * params.images() * params.problems().size();
    }

    boolean fits(ScanParams params, GpuTraits gpu) {
      return geometry(params).launch().sharedBytes() <= gpu.sharedBytes();
    }

    ScanGeometry geometry(ScanParams params) {
      return new ScanGeometry(
          new KernelGeometry(
              kernel,
              groups(params),
              params.images(),
              params.problems().size(),
              threads,
              sharedBytes(params, each * sharers, channels(), tokens)),
          chunks);
    }
  }

  /**
   * The geometry of a launch; the number of chunks that the arguments hold does not matter.
   *
   * @throws IllegalArgumentException if there are too many states, or shared memory does not
   *     suffice
   */
  static ScanGeometry of(ScanParams params, GpuTraits gpu) {
    int states = params.states();
    if (states < 1 || states > MAX_STATES) {
      throw new IllegalArgumentException(
          "A scan of %d states cannot run on the GPU, which takes 1 to %d."
              .formatted(states, MAX_STATES));
    }
    if (states <= WIDE_STATES && 2 * states > WIDE_STATES) {
      Cut wide = new Cut("scan_16", WIDE_THREADS, WIDE_STATES, 1, 1, WIDE_TILE);
      if (wide.blocks(params) >= MANY_BLOCKS && wide.fits(params, gpu)) {
        return wide.geometry(params);
      }
    }
    Cut cut = cut(params, leastChunks(params));
    if (!cut.fits(params, gpu)) {
      throw new IllegalArgumentException(
          ("A scan of %d states with step sizes of rank %d needs %d bytes of shared memory for a"
                  + " block, and the GPU has %d.")
              .formatted(
                  states,
                  params.rank(),
                  cut.geometry(params).launch().sharedBytes(),
                  gpu.sharedBytes()));
    }
    while (cut.sharers() <= MAX_CHUNKED_SHARERS
        && cut.channels() >= 2 * MIN_CHANNELS
        && cut.blocks(params) < ENOUGH_BLOCKS) {
      Cut finer = cut(params, 2 * cut.chunks());
      if (!finer.fits(params, gpu)) {
        break;
      }
      cut = finer;
    }
    return cut.geometry(params);
  }

  /** The geometry for a number of chunks: a power of two that leaves a block eight channels. */
  static ScanGeometry of(ScanParams params, int chunks) {
    return cut(params, chunks).geometry(params);
  }

  private static int each(ScanParams params) {
    return params.states() == 1 ? 1 : 4;
  }

  private static int sharers(ScanParams params) {
    int sharers = 1;
    while (each(params) * sharers < params.states()) {
      sharers *= 2;
    }
    return sharers;
  }

  /** Of few threads a channel, not all can be busy with channels: tiles would be too large. */
  private static int leastChunks(ScanParams params) {
    int chunks = Math.max(1, THREADS / sharers(params) / MAX_CHANNELS);
    return each(params) == 1 ? 2 * chunks : chunks;
  }

  private static Cut cut(ScanParams params, int chunks) {
    int each = each(params);
    int sharers = sharers(params);
    boolean chunked = each == 1 || sharers == 1 || chunks > 1;
    String kernel = each == 1 ? "scan_1" : chunked ? "scan_4_chunked" : "scan_4";
    return new Cut(kernel, THREADS, each, sharers, chunks, chunked ? CHUNK * chunks : TILE);
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
