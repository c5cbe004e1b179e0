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
 * follows soon, and sleeps after that.
 */
final class Team implements AutoCloseable {
  private static final int SPINS = 2000;
  private static final Job CLOSED = new Job((part, member) -> {}, 0);

  private final int members;
  private final AtomicReferenceArray<@Nullable Thread> sleepers;
  private volatile Job job = new Job((part, member) -> {}, 0);

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
   * is under way then can still be finished.
   */
  Team(Executor pool, int members) {
    this.sleepers = new AtomicReferenceArray<>(members);
    this.members = 1 + hire(pool, members - 1);
  }

  private int hire(Executor pool, int helpers) {
    for (int hired = 0; hired < helpers; hired++) {
      int member = hired + 1;
      try {
        pool.execute(() -> help(member));
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
  void forEach(int parts, Task task) {
    if (members == 1 || parts == 1) {
      for (int i = 0; i < parts; i++) {
        task.run(i, 0);
      }
      return;
    }
    Job current = new Job(task, parts);
    publish(current);
    current.work(0);
    current.await();
  }

  /** Lets the helpers go. */
  @Override
  public void close() {
    publish(CLOSED);
  }

  private void publish(Job next) {
    job = next;
    for (int i = 1; i < sleepers.length(); i++) {
      Thread sleeper = sleepers.get(i);
      if (sleeper != null) {
        LockSupport.unpark(sleeper);
      }
    }
  }

  private void help(int member) {
    Job current = job;
    while (current != CLOSED) {
      current.work(member);
      current = next(current, member);
    }
  }

  private Job next(Job last, int member) {
    for (int i = 0; i < SPINS; i++) {
      if (job != last) {
        return job;
      }
      Thread.onSpinWait();
    }
    sleepers.set(member, Thread.currentThread());
    while (job == last) {
      LockSupport.park(this);
    }
    sleepers.set(member, null);
    return job;
  }

  /** One task being shared out. */
  private static final class Job {
    private final Task task;
    private final int parts;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private volatile @Nullable Throwable failure;
    private volatile @Nullable Thread waiter;

    Job(Task task, int parts) {
      this.task = task;
      this.parts = parts;
    }

    void work(int member) {
      for (int i = next.getAndIncrement(); i < parts; i = next.getAndIncrement()) {
        try {
          if (failure == null) {
            task.run(i, member);
          }
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          if (done.incrementAndGet() == parts) {
            LockSupport.unpark(waiter);
          }
        }
      }
    }

    void await() {
      for (int i = 0; i < SPINS && done.get() < parts; i++) {
        Thread.onSpinWait();
      }
      if (done.get() < parts) {
        sleep();
      }
      Throwable thrown = failure;
      if (thrown instanceof Error error) {
        throw error;
      }
      if (thrown instanceof RuntimeException exception) {
        throw exception;
      }
    }

    private void sleep() {
      waiter = Thread.currentThread();
      boolean interrupted = false;
      while (done.get() < parts) {
        LockSupport.park(this);
        // An interrupted thread would not sleep; the flag is the caller's and comes back below.
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
