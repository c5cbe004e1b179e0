package io.github.ptq4vm.cpu;

import java.util.concurrent.LinkedBlockingDeque;
import java.util.function.Supplier;

/**
 * Workspaces that wait for the next image. Any number can be in use at a time; of those given back
 * only some are kept, so that a rush of callers does not hold memory for ever. Thread-safe.
 */
final class WorkspacePool implements AutoCloseable {
  private final Supplier<Workspace> factory;
  private final LinkedBlockingDeque<Workspace> idle;
  private volatile boolean closed;

  /**
   * An empty pool.
   *
   * @param factory makes a workspace
   * @param most how many idle ones are kept at most, at least 1
   */
  WorkspacePool(Supplier<Workspace> factory, int most) {
    this.factory = factory;
    this.idle = new LinkedBlockingDeque<>(most);
  }

  /** The workspace that was used last, whose memory is most likely in a cache, or a new one. */
  Workspace take() {
    Workspace workspace = idle.pollFirst();
    return workspace == null ? factory.get() : workspace;
  }

  /** Ends the use of a workspace. */
  void giveBack(Workspace workspace) {
    if (!closed) {
      idle.offerFirst(workspace);
    }
  }

  /** Keeps none any longer; those in use can still be given back. */
  @Override
  public void close() {
    closed = true;
    idle.clear();
  }
}
