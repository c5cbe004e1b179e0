package io.github.ptq4vm.cuda;

import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/** Something of the driver's that must be given back: closed once, and not used afterwards. */
abstract class CudaResource implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CudaResource.class.getName());

  private final CudaContext context;
  private final String what;
  private final long handle;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Takes a handle into care.
   *
   * @param what it is, as a sentence begins: "This stream"
   */
  CudaResource(CudaContext context, String what, long handle) {
    this.context = context;
    this.what = what;
    this.handle = handle;
    context.add(this);
  }

  final CudaContext context() {
    return context;
  }

  /** The handle or address, while it is valid. */
  final long handle() {
    if (closed.get()) {
      throw new IllegalStateException(what + " is closed and cannot be used any more.");
    }
    return handle;
  }

  /** Gives the handle back; the context is current. */
  abstract void release(CudaDriver driver, long handle);

  /** Gives it back. Closing again does nothing; what the driver says against it is logged. */
  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      context.remove(this);
      try {
        context.run(driver -> release(driver, handle));
      } catch (CudaException e) {
        LOG.log(Level.WARNING, what + " could not be closed. " + e.getMessage());
      }
    }
  }
}
