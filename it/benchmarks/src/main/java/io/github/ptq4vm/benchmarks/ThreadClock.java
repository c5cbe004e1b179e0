package io.github.ptq4vm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.function.LongSupplier;

/**
 * Processor time of the calling thread and of the executors' helpers: what the work takes however
 * many other processes share the machine.
 */
public final class ThreadClock implements LongSupplier {
  private static final String HELPERS = "ptq4vm-cpu-";

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

  /** Takes every thread there is or will be into account. */
  public ThreadClock() {}

  @Override
  public long getAsLong() {
    long caller = Thread.currentThread().getId();
    long nanos = 0;
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null
          && (thread.getThreadId() == caller || thread.getThreadName().startsWith(HELPERS))) {
        nanos += Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
      }
    }
    return nanos;
  }
}
