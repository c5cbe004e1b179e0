package io.github.ptq4vm.cpu;

/**
 * Adds a table to a value.
 *
 * @param table of the value's shape
 */
record AddTableStep(CpuKernels kernels, Matrix table, int input, int output)
    implements RangeStep.Range {

  @Override
  public void run(Memory memory, int from, int to) {
    kernels.add(memory.value(input), table, 1f, memory.value(output), from, to);
  }
}
