package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;

/** Work of a device that is done in the order in which it was given. For one thread at a time. */
final class CudaStream extends CudaResource {
  private static final int STAGE = 1 << 20;

  CudaStream(CudaContext context, long handle) {
    super(context, "This stream", handle);
  }

  /** Copies pinned memory to the device. */
  void copyToDevice(
      DeviceMemory to, long toOffset, PinnedMemory from, long fromOffset, long bytes) {
    from.check(fromOffset, bytes);
    long target = to.address(toOffset, bytes);
    context().run(d -> d.copyPinnedToDevice(target, from.handle(), fromOffset, bytes, handle()));
  }

  /** Copies device memory to pinned memory; it is there after {@link #synchronize}. */
  void copyToHost(PinnedMemory to, long toOffset, DeviceMemory from, long fromOffset, long bytes) {
    to.check(toOffset, bytes);
    long source = from.address(fromOffset, bytes);
    context().run(d -> d.copyDeviceToPinned(to.handle(), toOffset, source, bytes, handle()));
  }

  /** Copies within device memory. */
  void copy(DeviceMemory to, long toOffset, DeviceMemory from, long fromOffset, long bytes) {
    long target = to.address(toOffset, bytes);
    long source = from.address(fromOffset, bytes);
    context().run(d -> d.copyOnDevice(target, source, bytes, handle()));
  }

  /** Sets a range of device memory to one value. */
  void fill(DeviceMemory to, long offset, long bytes, byte value) {
    long target = to.address(offset, bytes);
    context().run(d -> d.fill(target, value, bytes, handle()));
  }

  /** Copies the remaining bytes of any buffer to the device and waits until they are there. */
  void upload(DeviceMemory to, long offset, ByteBuffer from) {
    ByteBuffer rest = from.duplicate();
    long target = to.address(offset, rest.remaining());
    context()
        .run(
            d -> {
              if (rest.isDirect()) {
                d.copyToDevice(target, rest, handle());
              } else {
                uploadStaged(d, target, rest);
              }
              d.synchronizeStream(handle());
            });
  }

  private void uploadStaged(CudaDriver driver, long target, ByteBuffer rest) {
    ByteBuffer stage = ByteBuffer.allocateDirect(Math.min(STAGE, rest.remaining()));
    long address = target;
    while (rest.hasRemaining()) {
      int length = Math.min(stage.capacity(), rest.remaining());
      stage.clear().put(rest.slice(rest.position(), length)).flip();
      driver.copyToDevice(address, stage, handle());
      rest.position(rest.position() + length);
      address += length;
    }
  }

  /**
   * Fills the remaining bytes of a direct buffer from the device and waits until they are there.
   */
  void download(ByteBuffer to, DeviceMemory from, long offset) {
    if (!to.isDirect()) {
      throw new IllegalArgumentException("A download needs a direct buffer.");
    }
    long source = from.address(offset, to.remaining());
    context()
        .run(
            d -> {
              d.copyToHost(to.duplicate(), source, handle());
              d.synchronizeStream(handle());
            });
  }

  /** Launches a kernel with one struct. */
  void launch(CudaFunction function, LaunchShape shape, byte[] struct) {
    function.allowSharedMemory(shape.sharedMemory());
    ByteBuffer arguments = ByteBuffer.allocateDirect(struct.length).put(struct).flip();
    context().run(d -> d.launch(function.handle(), shape, arguments, handle()));
  }

  /**
   * Records the work that an action gives to this stream, instead of doing it. The work has the
   * device's memory that it needs when this returns: what is missing shows here, not at a launch.
   *
   * @return the work, to be done by {@link #launch(CudaGraph)} as often as wanted
   */
  CudaGraph capture(Runnable action) {
    return context()
        .call(
            d -> {
              d.beginCapture(handle());
              long graph;
              try {
                action.run();
              } catch (RuntimeException | Error e) {
                abandon(d, e);
                throw e;
              }
              graph = d.endCapture(handle());
              try {
                return uploaded(d, new CudaGraph(context(), d.instantiate(graph)));
              } finally {
                d.destroyGraph(graph);
              }
            });
  }

  private CudaGraph uploaded(CudaDriver driver, CudaGraph graph) {
    try {
      driver.uploadGraph(graph.handle(), handle());
      driver.synchronizeStream(handle());
      return graph;
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /** Ends a recording that failed: the stream can be used again. */
  private void abandon(CudaDriver driver, Throwable reason) {
    try {
      driver.destroyGraph(driver.endCapture(handle()));
    } catch (CudaException e) {
      reason.addSuppressed(e);
    }
  }

  /** Does the work of a graph. */
  void launch(CudaGraph graph) {
    context().run(d -> d.launchGraph(graph.handle(), handle()));
  }

  /** Records an event when the work before it is done. */
  void record(CudaEvent event) {
    context().run(d -> d.recordEvent(event.handle(), handle()));
  }

  /** Waits until all work is done. */
  void synchronize() {
    context().run(d -> d.synchronizeStream(handle()));
  }

  @Override
  void release(CudaDriver driver, long handle) {
    driver.destroyStream(handle);
  }
}
