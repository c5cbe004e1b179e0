package io.github.ptq4vm;

/**
 * How a model runs.
 *
 * @param device where
 * @param threads how many threads a call may use, its own included; 0 for one a processor
 */
public record RunOptions(Device device, int threads) {

  /** Checks the threads. */
  public RunOptions {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "The number of threads should not be negative, but it is " + threads + ".");
    }
  }

  /** The fastest device and one thread a processor. */
  public static RunOptions defaults() {
    return new RunOptions(Device.AUTO, 0);
  }

  /** The threads to use, at least 1. */
  int actualThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}
