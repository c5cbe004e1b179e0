package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.Ptq4vmException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a GPU, as all models of this process that run on it share it. Where it does not
 * suffice, idle sessions of all models are closed; where that does not suffice either, whoever
 * needs it waits, ahead of those who come later, for sessions that are in use. Thread-safe.
 */
final class GpuRoom {
  /** Held by the one who makes something, also while it waits for memory. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private final ReentrantLock state = new ReentrantLock();
  private final Condition change = state.newCondition();
  private final Set<SessionPool> pools = new LinkedHashSet<>();
  private int used;
  private long givenBack;
  private volatile boolean awaited;

  /** Idle sessions of this pool may be closed from now on. */
  void add(SessionPool pool) {
    state.lock();
    pools.add(pool);
    state.unlock();
  }

  /** This pool has no sessions any more. */
  void remove(SessionPool pool) {
    state.lock();
    pools.remove(pool);
    state.unlock();
  }

  /** A session is in use from now on: one that may be waited for. */
  void taken() {
    state.lock();
    used++;
    state.unlock();
  }

  /** A session is idle or closed from now on. */
  void givenBack() {
    state.lock();
    used--;
    givenBack++;
    change.signalAll();
    state.unlock();
  }

  /** Whether somebody waits for memory, so that idle sessions are not for those who come later. */
  boolean isAwaited() {
    return awaited;
  }

  /**
   * Makes something that needs memory, or finds that it is there by now. Whoever calls this may
   * wait for others and must not use a session itself: two who do would wait for each other.
   *
   * @throws Ptq4vmException what the maker throws if it lacks memory, though no session of this
   *     process has any
   */
  <T> T make(Supplier<T> maker) {
    turn.lock();
    try {
      while (true) {
        long seen = seen();
        try {
          return maker.get();
        } catch (GpuUnavailableException | CudaException e) {
          if (!isOutOfMemory(e) || !(closeIdle() > 0 || await(seen))) {
            throw e;
          }
        }
      }
    } finally {
      awaited = false;
      turn.unlock();
    }
  }

  /** Makes something if there is memory for it now and nobody else waits for that; else null. */
  <T> @Nullable T tryMake(Supplier<T> maker) {
    if (awaited || !turn.tryLock()) {
      return null;
    }
    try {
      return maker.get();
    } catch (GpuUnavailableException | CudaException e) {
      if (isOutOfMemory(e)) {
        return null;
      }
      throw e;
    } finally {
      turn.unlock();
    }
  }

  /** Whether a smaller thing, or one made later, might find the memory that this one did not. */
  static boolean isOutOfMemory(Ptq4vmException e) {
    // A GPU is unavailable for other reasons too, which no memory mends.
    Throwable reason = e instanceof GpuUnavailableException ? e.getCause() : e;
    return reason instanceof CudaException failure && failure.isOutOfMemory();
  }

  private long seen() {
    state.lock();
    try {
      return givenBack;
    } finally {
      state.unlock();
    }
  }

  /** Returns how many were closed. */
  private int closeIdle() {
    List<SessionPool> all;
    state.lock();
    try {
      all = new ArrayList<>(pools);
    } finally {
      state.unlock();
    }
    return all.stream().mapToInt(SessionPool::closeIdle).sum();
  }

  /** Waits until a session has been given back; returns false if none is in use. */
  private boolean await(long seen) {
    state.lock();
    awaited = true;
    try {
      while (givenBack == seen && used > 0) {
        change.awaitUninterruptibly();
      }
      return givenBack != seen;
    } finally {
      state.unlock();
    }
  }
}
