package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;

/** Memory of the host that a device copies from and to while the host does other work. */
final class PinnedMemory extends CudaResource {
  private final int bytes;
  private final ByteBuffer buffer;

  PinnedMemory(CudaContext context, long address, int bytes) {
    super(context, "This pinned memory", address);
    this.bytes = bytes;
    this.buffer = context.call(driver -> driver.pinnedBuffer(address, bytes));
  }

  /** Its size in bytes. */
  int bytes() {
    return bytes;
  }

  /**
   * The memory in native byte order, with a position of its own. The buffer must not be touched
   * once this is closed.
   */
  ByteBuffer buffer() {
    handle();
    return buffer.duplicate().order(buffer.order());
  }

  /** Checks that a range lies within. */
  void check(long offset, long length) {
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes from " + offset + " on are not within pinned memory of " + bytes + ".");
    }
  }

  @Override
  void release(CudaDriver driver, long handle) {
    driver.freePinned(handle);
  }
}
