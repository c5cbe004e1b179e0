package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that wait for the next batch, by the size of a batch. Only some are in use at a time,
 * and as many kept of a size: whoever comes later waits. Where memory does not suffice for another
 * session, idle ones make room. Thread-safe.
 */
final class SessionPool implements AutoCloseable {
  private final IntFunction<Session> factory;
  private final Semaphore permits;
  private final Map<Integer, Deque<Session>> idle = new HashMap<>();

  /**
   * An empty pool.
   *
   * @param factory makes a session for a size of batch
   * @param most sessions that are in use at a time
   */
  SessionPool(IntFunction<Session> factory, int most) {
    this.factory = factory;
    this.permits = new Semaphore(most, true);
  }

  /**
   * A session for batches of a size; waits until it may be used.
   *
   * @throws GpuUnavailableException if memory does not suffice
   */
  Session take(int images) {
    permits.acquireUninterruptibly();
    try {
      Session waiting = poll(images);
      return waiting == null ? make(images) : waiting;
    } catch (RuntimeException | Error e) {
      permits.release();
      throw e;
    }
  }

  /** Ends the use of a session that can be used again. */
  void giveBack(Session session) {
    synchronized (idle) {
      idle.computeIfAbsent(session.images(), size -> new ArrayDeque<>()).push(session);
    }
    permits.release();
  }

  /**
   * Ends the use of a session that failed.
   *
   * @param reason takes in what fails on the way
   */
  void discard(Session session, Throwable reason) {
    try {
      session.close();
    } catch (RuntimeException e) {
      reason.addSuppressed(e);
    } finally {
      permits.release();
    }
  }

  private @Nullable Session poll(int images) {
    synchronized (idle) {
      Deque<Session> waiting = idle.get(images);
      return waiting == null ? null : waiting.poll();
    }
  }

  private Session make(int images) {
    try {
      return factory.apply(images);
    } catch (GpuUnavailableException | CudaException e) {
      if (closeIdle() == 0) {
        throw e;
      }
      return factory.apply(images);
    }
  }

  private int closeIdle() {
    Deque<Session> all = new ArrayDeque<>();
    synchronized (idle) {
      idle.values().forEach(all::addAll);
      idle.clear();
    }
    all.forEach(Session::close);
    return all.size();
  }

  /** Closes the idle sessions; none may be in use. */
  @Override
  public void close() {
    closeIdle();
  }
}
