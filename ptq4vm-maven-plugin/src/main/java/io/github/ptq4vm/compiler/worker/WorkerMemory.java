package io.github.ptq4vm.compiler.worker;

import java.lang.management.ManagementFactory;

/** The default size of a worker's heap. */
public final class WorkerMemory {
  private static final long GIB = 1L << 30;

  private WorkerMemory() {}

  /**
   * The default for this machine, or for the container this JVM runs in.
   *
   * @param workers how many may run at the same time
   */
  public static String ofThisMachine(int workers) {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? of(system.getTotalMemorySize(), workers)
        : of(4 * GIB, workers);
  }

  /**
   * An equal part of half the memory, because PyTorch's tensors lie outside the heap; between 512
   * MiB and 8 GiB.
   *
   * @param machine memory in bytes
   */
  static String of(long machine, int workers) {
    long heap = Math.max(GIB / 2, Math.min(8 * GIB, machine / 2 / workers));
    return (heap >> 20) + "m";
  }
}
