package io.github.ptq4vm.compiler.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Splits ranges over a fixed number of threads. The split depends on the range and the number of
 * threads alone, so sums formed a part at a time come out the same on every run.
 */
public final class Parallel implements AutoCloseable {
  private final int threads;
  private final ExecutorService pool;

  /** Starts {@code threads - 1} daemon threads; the caller's thread is the last one. */
  public Parallel(int threads) {
    this.threads = threads;
    this.pool =
        Executors.newFixedThreadPool(
            Math.max(1, threads - 1),
            task -> {
              Thread thread = new Thread(task, "ptq4vm-kernel");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Work on the elements {@code from} to {@code to}, as part number {@code part}. */
  @FunctionalInterface
  public interface Part {
    /** Does the work. */
    void run(int part, int from, int to);
  }

  /** Parts a range is split into at most: one a thread. */
  public int threads() {
    return threads;
  }

  /** Runs {@code body} over {@code [0, count)} in at most {@link #threads()} contiguous parts. */
  public void forRange(int count, Part body) {
    int parts = Math.min(threads, count);
    if (parts <= 1) {
      if (count > 0) {
        body.run(0, 0, count);
      }
      return;
    }
    List<Future<?>> futures = new ArrayList<>(parts - 1);
    for (int part = 1; part < parts; part++) {
      int index = part;
      futures.add(
          pool.submit(
              () -> body.run(index, start(count, parts, index), start(count, parts, index + 1))));
    }
    body.run(0, 0, start(count, parts, 1));
    for (Future<?> future : futures) {
      try {
        future.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("The computation was interrupted.", e);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new IllegalStateException(e.getCause());
      }
    }
  }

  private static int start(int count, int parts, int part) {
    return (int) ((long) count * part / parts);
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
