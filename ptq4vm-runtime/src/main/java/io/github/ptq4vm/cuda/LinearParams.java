package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * Arguments of the {@code linear} kernels: problems of one shape.
 *
 * @param rows tokens a block computes
 */
record LinearParams(List<LinearProblem> problems, int images, int rows) implements KernelStruct {
  static final int SIZE = 2064;

  /** Takes an immutable copy of the problems. */
  LinearParams {
    problems = List.copyOf(problems);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.structs(problems, MAX_PROBLEMS, LinearProblem.NONE);
    writer.int32(images).int32(problems.size()).int32(rows).unused();
  }
}
