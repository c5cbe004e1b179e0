package io.github.ptq4vm.cuda;

/**
 * A matrix in device memory, struct {@code Value}.
 *
 * @param data address of the first element, 0 if there is no matrix
 * @param type of its elements
 * @param stride elements from one row to the next
 * @param rows rows of an image; 0 if the same rows serve every image
 */
record DeviceValue(long data, StorageType type, int stride, int rows) implements KernelStruct {
  static final int SIZE = 24;

  /** No matrix. */
  static final DeviceValue NONE = new DeviceValue(0, StorageType.F16, 0, 0);

  /** A dense table of floats that every image reads, such as a position embedding. */
  static DeviceValue table(long data, int channels) {
    return new DeviceValue(data, StorageType.F32, channels, 0);
  }

  /** The same rows from another channel on. */
  DeviceValue from(int channel) {
    return new DeviceValue(data + (long) channel * type.bytes(), type, stride, rows);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.pointer(data).int32(type.ordinal()).int32(stride).int32(rows).unused();
  }
}
