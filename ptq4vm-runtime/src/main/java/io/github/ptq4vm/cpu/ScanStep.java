package io.github.ptq4vm.cpu;

import org.jspecify.annotations.Nullable;

/**
 * A selective scan; its units are groups of channels.
 *
 * @param inputs numbers of u, dt, B and C
 * @param inputRows row of u that holds each token, or null where they are in order
 * @param outputRows row of the output that receives each token, or null where they are in order
 */
record ScanStep(
    CpuKernels.Scan kernel,
    int channels,
    int[] inputs,
    int @Nullable [] inputRows,
    int output,
    int @Nullable [] outputRows)
    implements Step {

  @Override
  public int units() {
    return new Split(channels, CpuKernels.Scan.CHANNELS).parts();
  }

  @Override
  public int unitsPerPart() {
    return 1;
  }

  @Override
  public void run(Memory memory, int from, int to) {
    kernel.apply(
        memory.value(inputs[0]),
        inputRows,
        memory.value(inputs[1]),
        memory.value(inputs[2]),
        memory.value(inputs[3]),
        memory.value(output),
        outputRows,
        from * CpuKernels.Scan.CHANNELS,
        Math.min(channels, to * CpuKernels.Scan.CHANNELS),
        memory.scratch());
  }
}
