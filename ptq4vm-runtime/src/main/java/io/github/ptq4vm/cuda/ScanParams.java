package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * Arguments of the {@code scan} kernels.
 *
 * @param length of the sequence
 * @param rank channels of dt where dt_proj is computed here, else 0
 * @param chunks parts of a tile of tokens that threads scan side by side
 */
record ScanParams(
    List<ScanProblem> problems,
    int images,
    int channels,
    int states,
    int length,
    int rank,
    int chunks)
    implements KernelStruct {
  static final int SIZE = 992;

  /** Codes of dt_proj's rows are padded to a multiple of this. */
  static final int RANK_PADDING = 4;

  /** Takes an immutable copy of the problems. */
  ScanParams {
    problems = List.copyOf(problems);
  }

  /** The same with a tile cut into that many chunks. */
  ScanParams withChunks(int number) {
    return new ScanParams(problems, images, channels, states, length, rank, number);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.structs(problems, MAX_PROBLEMS, ScanProblem.NONE);
    writer.int32(problems.size()).int32(images).int32(channels).int32(states);
    writer.int32(length).int32(rank).int32(KernelStruct.roundUp(rank, RANK_PADDING)).int32(chunks);
  }
}
