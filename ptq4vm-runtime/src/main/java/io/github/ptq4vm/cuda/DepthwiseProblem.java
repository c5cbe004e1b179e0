package io.github.ptq4vm.cuda;

/**
 * One depthwise convolution, struct {@code DepthwiseProblem}.
 *
 * @param map address of the input's row for each sequence index, or 0
 * @param weight address of {@code [channels, taps]} or {@code [channels, kernel, kernel]} floats
 * @param bias address of {@code [channels]} floats, or 0
 */
record DepthwiseProblem(DeviceValue input, long map, long weight, long bias, DeviceValue output)
    implements KernelStruct {
  static final int SIZE = 72;

  /** No problem. */
  static final DepthwiseProblem NONE =
      new DepthwiseProblem(DeviceValue.NONE, 0, 0, 0, DeviceValue.NONE);

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(input).pointer(map).pointer(weight).pointer(bias).struct(output);
  }
}
