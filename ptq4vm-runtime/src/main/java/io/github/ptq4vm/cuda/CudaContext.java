package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A device as one user of it sees it. It is the device's primary context, which PyTorch and others
 * in the same process use too; it is current only while one of our calls runs. Closing it closes
 * what was made through it. May be used by several threads.
 */
final class CudaContext implements AutoCloseable {
  private final CudaDriver driver;
  private final CudaDevice device;
  private final long handle;
  private final Deque<CudaResource> resources = new ArrayDeque<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  private CudaContext(CudaDriver driver, CudaDevice device, long handle) {
    this.driver = driver;
    this.device = device;
    this.handle = handle;
  }

  /**
   * Opens a device.
   *
   * @param ordinal its number, from 0
   * @throws GpuUnavailableException if it is not there or cannot run the kernels
   */
  static CudaContext open(CudaDriver driver, int ordinal) {
    CudaDevice device = GpuRequirements.check(driver, ordinal);
    try {
      return new CudaContext(driver, device, driver.retainPrimaryContext(ordinal));
    } catch (CudaException e) {
      throw new GpuUnavailableException(
          "The GPU " + device + " cannot be used. " + e.getMessage(), e);
    }
  }

  /** The device. */
  CudaDevice device() {
    return device;
  }

  /** Bytes of device memory that are free now. */
  long freeMemory() {
    return call(CudaDriver::freeMemory);
  }

  /**
   * New device memory, uninitialised.
   *
   * @throws GpuUnavailableException if there is not that much
   */
  DeviceMemory allocate(long bytes) {
    try {
      return new DeviceMemory(this, call(d -> d.allocate(bytes)), bytes);
    } catch (CudaException e) {
      if (e.code() != CudaException.OUT_OF_MEMORY) {
        throw e;
      }
      throw new GpuUnavailableException(
          "The memory of the GPU "
              + device
              + " does not suffice: "
              + megabytes(bytes)
              + " are needed, "
              + megabytes(freeMemory())
              + " of "
              + megabytes(device.memory())
              + " are free. Use smaller batches, close models that are not needed, or choose"
              + " another device.",
          e);
    }
  }

  /** New pinned memory, uninitialised. */
  PinnedMemory allocatePinned(int bytes) {
    return new PinnedMemory(this, call(d -> d.allocatePinned(bytes)), bytes);
  }

  /** A new stream. */
  CudaStream createStream() {
    return new CudaStream(this, call(CudaDriver::createStream));
  }

  /** A new event. */
  CudaEvent createEvent() {
    return new CudaEvent(this, call(CudaDriver::createEvent));
  }

  /** Runs something with this context current. */
  void run(Consumer<CudaDriver> action) {
    call(
        d -> {
          action.accept(d);
          return 0;
        });
  }

  /** Calls something with this context current. */
  <T> T call(Function<CudaDriver, T> action) {
    if (closed.get()) {
      throw new IllegalStateException("This use of " + device + " is closed.");
    }
    driver.pushContext(handle);
    T result;
    try {
      result = action.apply(driver);
    } catch (RuntimeException | Error e) {
      try {
        driver.popContext();
      } catch (CudaException popping) {
        e.addSuppressed(popping);
      }
      throw e;
    }
    driver.popContext();
    return result;
  }

  void add(CudaResource resource) {
    synchronized (resources) {
      resources.push(resource);
    }
  }

  void remove(CudaResource resource) {
    synchronized (resources) {
      resources.remove(resource);
    }
  }

  /** Closes what was made through it, the newest first, and gives the device back. */
  @Override
  public void close() {
    while (true) {
      CudaResource newest;
      synchronized (resources) {
        newest = resources.peek();
      }
      if (newest == null) {
        break;
      }
      newest.close();
    }
    if (closed.compareAndSet(false, true)) {
      driver.releasePrimaryContext(device.ordinal());
    }
  }

  private static String megabytes(long bytes) {
    return (bytes + (1 << 20) - 1 >> 20) + " MiB";
  }
}
