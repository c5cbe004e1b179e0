package io.github.ptq4vm.benchmarks.gpu;

import java.util.List;

/** A batch that lies on a device, ready to be timed from there to logits that lie there, too. */
interface Timing extends AutoCloseable {

  /**
   * What one kernel takes of a batch.
   *
   * @param kernel the kernel and what it computes
   * @param launches of it in a batch
   * @param milliseconds of all of them
   */
  record KernelTime(String kernel, int launches, double milliseconds) {}

  /**
   * Runs the batch, each time waiting until it is done.
   *
   * @return nanoseconds of each run
   */
  long[] time(int runs);

  /** Time by kernel, or nothing where it is not known. */
  List<KernelTime> kernels();

  @Override
  void close();
}
