package io.github.ptq4vm.cuda;

/** Memory of a device. */
final class DeviceMemory extends CudaResource {
  private final long bytes;

  DeviceMemory(CudaContext context, long address, long bytes) {
    super(context, "This device memory", address);
    this.bytes = bytes;
  }

  /** Its size in bytes. */
  long bytes() {
    return bytes;
  }

  /** Where it begins, a multiple of 256. */
  long address() {
    return handle();
  }

  /** The address of a range that must lie within. */
  long address(long offset, long length) {
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes from " + offset + " on are not within device memory of " + bytes + ".");
    }
    return handle() + offset;
  }

  @Override
  void release(CudaDriver driver, long handle) {
    driver.free(handle);
  }
}
