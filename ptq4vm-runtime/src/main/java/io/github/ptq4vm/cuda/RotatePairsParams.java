package io.github.ptq4vm.cuda;

/**
 * Arguments of the kernel {@code rotate_pairs}.
 *
 * @param cos address of {@code [tokens, channels]} floats
 * @param sin address of {@code [tokens, channels]} floats
 */
record RotatePairsParams(
    DeviceValue input, DeviceValue output, long cos, long sin, int images, int channels, int tokens)
    implements KernelStruct {
  static final int SIZE = 80;

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(input).struct(output).pointer(cos).pointer(sin);
    writer.int32(images).int32(channels).int32(tokens).unused();
  }
}
