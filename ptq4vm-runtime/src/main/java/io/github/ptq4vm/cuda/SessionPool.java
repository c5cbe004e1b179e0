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
 * Sessions of a model that wait for the next batch, by the size of a batch. Only some are in use at
 * a time, and as many kept of a size: whoever comes later waits. Thread-safe.
 */
final class SessionPool implements AutoCloseable {
  private final GpuRoom room;
  private final IntFunction<Session> factory;
  private final Semaphore permits;
  private final Refusal refusal = new Refusal();
  private final Map<Integer, Deque<Session>> idle = new HashMap<>();

  /**
   * An empty pool.
   *
   * @param room for the sessions, which may close idle ones
   * @param factory makes a session for a size of batch
   * @param most sessions that are in use at a time
   */
  SessionPool(GpuRoom room, IntFunction<Session> factory, int most) {
    this.room = room;
    this.factory = factory;
    this.permits = new Semaphore(most, true);
    room.add(this);
  }

  /**
   * A session for batches of a size; waits until it may be used. For a thread that uses none.
   *
   * @throws io.github.ptq4vm.Ptq4vmException if memory does not suffice
   */
  Session take(int images) {
    permits.acquireUninterruptibly();
    try {
      Session waiting = room.isAwaited() ? null : poll(images);
      return waiting == null ? room.make(() -> pollOrMake(images)) : waiting;
    } catch (RuntimeException | Error e) {
      permits.release();
      throw e;
    }
  }

  /**
   * A session for batches of a size if there is one, or room for one, without waiting; or null.
   * After a size was refused for lack of memory, it and larger ones are not tried for a while.
   */
  @Nullable Session tryTake(int images) {
    // A permit that has just been given back is for those who wait for one.
    if (room.isAwaited() || permits.hasQueuedThreads() || !permits.tryAcquire()) {
      return null;
    }
    Session session = null;
    try {
      session = poll(images);
      if (session == null && !refusal.holds(images)) {
        session = room.tryMake(() -> makeOrRemember(images));
      }
      return session;
    } finally {
      if (session == null) {
        permits.release();
      }
    }
  }

  /** Ends the use of a session that can be used again. */
  void giveBack(Session session) {
    synchronized (idle) {
      idle.computeIfAbsent(session.images(), size -> new ArrayDeque<>()).push(session);
    }
    room.givenBack();
    permits.release();
  }

  /**
   * Ends the use of a session because something failed.
   *
   * @param reason takes in what fails on the way
   */
  void discard(Session session, Throwable reason) {
    try (session) {
      session.abandon();
    } catch (Throwable e) {
      // An error too: whoever discards one session may have others to discard.
      Closing.suppress(reason, e);
    } finally {
      room.givenBack();
      permits.release();
    }
  }

  private Session pollOrMake(int images) {
    Session waiting = poll(images);
    return waiting == null ? make(images) : waiting;
  }

  private Session makeOrRemember(int images) {
    try {
      return make(images);
    } catch (GpuUnavailableException | CudaException e) {
      if (GpuRoom.isOutOfMemory(e)) {
        refusal.remember(images);
      }
      throw e;
    }
  }

  private Session make(int images) {
    Session session = factory.apply(images);
    room.taken();
    return session;
  }

  private @Nullable Session poll(int images) {
    // Within the lock: who closes idle sessions must not miss one that is not counted as used yet.
    synchronized (idle) {
      Deque<Session> waiting = idle.get(images);
      Session session = waiting == null ? null : waiting.poll();
      if (session != null) {
        room.taken();
      }
      return session;
    }
  }

  /** Closes the idle sessions and returns their number. */
  int closeIdle() {
    // Within the lock: whoever closes the model after us must find them closed.
    synchronized (idle) {
      Deque<AutoCloseable> all = new ArrayDeque<>();
      idle.values().forEach(all::addAll);
      idle.clear();
      int count = all.size();
      Closing.closeAll(all, "An idle session on the GPU could not be closed.");
      return count;
    }
  }

  /** Closes the idle sessions; none may be in use. */
  @Override
  public void close() {
    room.remove(this);
    closeIdle();
  }
}
