package io.github.ptq4vm.cuda;

/**
 * Where a value, or a part of one, will lie.
 *
 * @param store the stored value it is a part of, or {@link #CONSTANT}
 * @param offset bytes from the start of the stored value, or the address of a constant
 * @param stride elements from one row to the next
 * @param rows rows of an image; 0 if the same rows serve every image
 */
record ValuePlan(int store, long offset, StorageType type, int stride, int rows) {

  /** What is no stored value but a table of the model. */
  static final int CONSTANT = -1;

  /**
   * Rows start at multiples of this number of elements, so that they can be read 16 bytes a time.
   */
  private static final int ROW_ELEMENTS = 8;

  /** A whole stored value. */
  static ValuePlan stored(int store, StorageType type, int channels, int rows) {
    int multiple = type == StorageType.CODES ? LinearProblem.PADDING : ROW_ELEMENTS;
    int stride = channels < ROW_ELEMENTS ? channels : KernelStruct.roundUp(channels, multiple);
    return new ValuePlan(store, 0, type, stride, rows);
  }

  /** A dense table of floats at a constant address. */
  static ValuePlan table(long address, int channels) {
    return new ValuePlan(CONSTANT, address, StorageType.F32, channels, 0);
  }

  /** Whether this is a table of the model. */
  boolean isConstant() {
    return store == CONSTANT;
  }

  /** Channels from one on. */
  ValuePlan channels(int from) {
    return at((long) from * type.bytes());
  }

  /** Rows from one on; there are still as many from image to image. */
  ValuePlan row(int row) {
    return at((long) row * stride * type.bytes());
  }

  private ValuePlan at(long bytes) {
    return new ValuePlan(store, offset + bytes, type, stride, rows);
  }

  /** Bytes an image takes. */
  long bytesPerImage() {
    return (long) rows * stride * type.bytes();
  }

  /**
   * The value for a batch.
   *
   * @param workspace where stored values lie
   */
  DeviceValue in(WorkspacePlan workspace) {
    long address = isConstant() ? offset : workspace.address(store) + offset;
    return new DeviceValue(address, type, stride, rows);
  }
}
