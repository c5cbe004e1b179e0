package io.github.ptq4vm.cpu;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The calling thread and the helpers it hires for a while: they share out the parts of one task
 * after another. Nothing waits for a helper that has not come yet; without any the caller does all
 * the work. A helper that has nothing to do spins for some microseconds, because the next task
 * follows soon, and sleeps after that. Sharing out a task allocates nothing.
 *
 * <p>Parts are claimed by counting {@link #open} down. Who gets a positive number has a part of the
 * current task, whichever that is: the task cannot end, nor the next one begin, before this part is
 * done. So what a task is gets read after the claim, never before.
 */
final class Team implements AutoCloseable {
  private static final int SPINS = 2000;
  private static final Task NOTHING = (part, member) -> {};

  private final int members;
  private final AtomicReferenceArray<@Nullable Thread> sleepers;

  /** Parts of the task that nobody has claimed; zero or less when there are none. */
  private final AtomicInteger open = new AtomicInteger();

  /** Parts of the task that are done. */
  private final AtomicInteger done = new AtomicInteger();

  // Both are written before open is set and read after a part was claimed.
  private Task task = NOTHING;
  private int parts;

  /** Number of tasks so far. */
  private volatile int tasks;

  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  private volatile @Nullable Thread waiter;

  /** Part of a task. */
  @FunctionalInterface
  interface Task {
    /**
     * Does one part.
     *
     * @param part 0 up to the number of parts - 1
     * @param member who does it: no two parts run at a time with the same number, which is less
     *     than {@link Team#members()}
     */
    void run(int part, int member);
  }

  /**
   * Hires {@code members - 1} helpers, or as many as a pool accepts that is being shut down: what
   * is under way then can still be finished. A pool that runs a task on the thread that brings it
   * gives no helper.
   */
  Team(Executor pool, int members) {
    this.sleepers = new AtomicReferenceArray<>(members);
    this.members = 1 + hire(pool, members - 1);
  }

  private int hire(Executor pool, int helpers) {
    Thread caller = Thread.currentThread();
    for (int hired = 0; hired < helpers; hired++) {
      int member = hired + 1;
      try {
        pool.execute(
            () -> {
              if (Thread.currentThread() != caller) {
                help(member);
              }
            });
      } catch (RejectedExecutionException shutDown) {
        return hired;
      } catch (RuntimeException | Error e) {
        // Nobody gets this team, so nobody else could let the helpers go.
        close();
        throw e;
      }
    }
    return helpers;
  }

  /** The calling thread alone. */
  static Team alone() {
    return new Team(Runnable::run, 1);
  }

  /** Largest number of threads that work at a time. */
  int members() {
    return members;
  }

  /** Runs all parts of a task and returns when they are done; fails if a part failed. */
  void forEach(int count, Task next) {
    if (members == 1 || count == 1) {
      for (int i = 0; i < count; i++) {
        next.run(i, 0);
      }
      return;
    }
    task = next;
    parts = count;
    failure = null;
    done.set(0);
    open.set(count);
    announce();
    work(0);
    await(count);
  }

  /** Lets the helpers go. */
  @Override
  public void close() {
    closed = true;
    announce();
  }

  // Only the calling thread announces.
  @SuppressWarnings("NonAtomicVolatileUpdate")
  private void announce() {
    tasks++;
    for (int i = 1; i < sleepers.length(); i++) {
      Thread sleeper = sleepers.get(i);
      if (sleeper != null) {
        LockSupport.unpark(sleeper);
      }
    }
  }

  private void help(int member) {
    int seen = 0;
    while (!closed) {
      work(member);
      seen = awaitTask(seen, member);
    }
  }

  /** Returns when there is another task than the last one seen: its number. */
  private int awaitTask(int last, int member) {
    for (int i = 0; i < SPINS; i++) {
      if (tasks != last) {
        return tasks;
      }
      Thread.onSpinWait();
    }
    sleepers.set(member, Thread.currentThread());
    while (tasks == last) {
      LockSupport.park(this);
    }
    sleepers.set(member, null);
    return tasks;
  }

  /** Does parts of the current task while there are any. */
  private void work(int member) {
    for (int claim = open.getAndDecrement(); claim > 0; claim = open.getAndDecrement()) {
      int total = parts;
      try {
        if (failure == null) {
          task.run(total - claim, member);
        }
      } catch (RuntimeException | Error e) {
        failure = e;
      } finally {
        if (done.incrementAndGet() == total) {
          LockSupport.unpark(waiter);
        }
      }
    }
  }

  private void await(int count) {
    for (int i = 0; i < SPINS && done.get() < count; i++) {
      Thread.onSpinWait();
    }
    if (done.get() < count) {
      sleep(count);
    }
    Throwable thrown = failure;
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void sleep(int count) {
    waiter = Thread.currentThread();
    boolean interrupted = false;
    while (done.get() < count) {
      LockSupport.park(this);
      // An interrupted thread would not sleep; the flag is the caller's and comes back below.
      interrupted |= Thread.interrupted();
    }
    waiter = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
