package io.github.ptq4vm.cuda;

/** Arguments of the kernel {@code mean}: the mean over an image's tokens, one row an image. */
record MeanParams(DeviceValue input, DeviceValue output, int images, int channels, int tokens)
    implements KernelStruct {
  static final int SIZE = 64;

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(input).struct(output).int32(images).int32(channels).int32(tokens).unused();
  }
}
