package io.github.ptq4vm.cuda;

/** A kernel of a module. */
final class CudaFunction {
  /** What every launch may have without asking. */
  private static final int USUAL_SHARED_MEMORY = 48 << 10;

  private final CudaModule module;
  private final String name;
  private final long handle;
  private int allowed = USUAL_SHARED_MEMORY;

  CudaFunction(CudaModule module, String name, long handle) {
    this.module = module;
    this.name = name;
    this.handle = handle;
  }

  String name() {
    return name;
  }

  long handle() {
    module.handle();
    return handle;
  }

  /** Permits launches with so many bytes of shared memory. */
  synchronized void allowSharedMemory(int bytes) {
    if (bytes <= allowed) {
      return;
    }
    CudaContext context = module.context();
    if (bytes > context.device().sharedMemory()) {
      throw new IllegalArgumentException(
          "The kernel "
              + name
              + " is to have "
              + bytes
              + " bytes of shared memory, but "
              + context.device()
              + " gives a block at most "
              + context.device().sharedMemory()
              + ".");
    }
    context.run(d -> d.allowSharedMemory(handle(), bytes));
    allowed = bytes;
  }
}
