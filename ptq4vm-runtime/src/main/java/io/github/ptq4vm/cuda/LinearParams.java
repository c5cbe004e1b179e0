package io.github.ptq4vm.cuda;

import java.util.List;

/** Arguments of the {@code linear} kernels: problems of one shape. */
record LinearParams(List<LinearProblem> problems, int images) implements KernelStruct {
  static final int SIZE = 2056;

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
    writer.int32(images).int32(problems.size());
  }
}
