package io.github.ptq4vm.cuda;

/** Arguments of the kernel {@code rows}, which writes the rows of a source. */
record RowsParams(RowSource source, DeviceValue output, int images) implements KernelStruct {
  static final int SIZE = 328;

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(source).struct(output).int32(images).unused();
  }
}
