package io.github.ptq4vm.cuda;

import java.util.HashMap;
import java.util.Map;

/**
 * A GPU with the kernels loaded, shared by all models of this process that run on it: opened by the
 * first of them, closed by the last. Thread-safe.
 */
final class Gpu implements AutoCloseable {
  private static final Map<Integer, Shared> OPEN = new HashMap<>();

  private final Shared shared;
  private boolean closed;

  /** What users of a GPU share. */
  private static final class Shared {
    private final CudaContext context;
    private final CudaModule kernels;
    private final GpuRoom room = new GpuRoom();
    private int users;

    Shared(CudaContext context, CudaModule kernels) {
      this.context = context;
      this.kernels = kernels;
    }
  }

  private Gpu(Shared shared) {
    this.shared = shared;
  }

  /**
   * Opens a GPU.
   *
   * @param ordinal its number, from 0
   * @throws io.github.ptq4vm.GpuUnavailableException if there is no usable one of that number
   */
  static Gpu open(int ordinal) {
    synchronized (OPEN) {
      Shared shared = OPEN.get(ordinal);
      if (shared == null) {
        shared = load(ordinal);
        OPEN.put(ordinal, shared);
      }
      shared.users++;
      return new Gpu(shared);
    }
  }

  private static Shared load(int ordinal) {
    CudaContext context = CudaContext.open(CudaDrivers.get(), ordinal);
    try {
      return new Shared(context, CudaModule.load(context));
    } catch (RuntimeException | Error e) {
      try {
        context.close();
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** The context in which its memory and streams are made. */
  CudaContext context() {
    return shared.context;
  }

  /** What it is. */
  CudaDevice device() {
    return shared.context.device();
  }

  /** What the cut of the work depends on. */
  GpuTraits traits() {
    return new GpuTraits(device().sharedMemory(), device().multiprocessors());
  }

  /** Its memory, shared with other models. */
  GpuRoom room() {
    return shared.room;
  }

  /** A kernel. */
  CudaFunction kernel(String name) {
    return shared.kernels.function(name);
  }

  /** Ends this use. */
  @Override
  public void close() {
    synchronized (OPEN) {
      if (!closed) {
        closed = true;
        shared.users--;
        if (shared.users == 0) {
          OPEN.remove(device().ordinal());
          shared.context.close();
        }
      }
    }
  }
}
