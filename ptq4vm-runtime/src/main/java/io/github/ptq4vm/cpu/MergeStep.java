package io.github.ptq4vm.cpu;

/** {@code factor} times the sum of values, added in the order given, then scaled. */
record MergeStep(CpuKernels kernels, int[] inputs, float factor, int output)
    implements RangeStep.Range {

  @Override
  public void run(Memory memory, int from, int to) {
    Matrix y = memory.value(output);
    Matrix sum = memory.value(inputs[0]);
    for (int i = 1; i < inputs.length; i++) {
      boolean last = i == inputs.length - 1;
      kernels.add(sum, memory.value(inputs[i]), last ? factor : 1f, y, from, to);
      sum = y;
    }
  }
}
