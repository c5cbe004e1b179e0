package io.github.ptq4vm;

/**
 * How a model runs.
 *
 * @param device where
 * @param threads how many threads a call may use, its own included; 0 for one a processor. Where a
 *     GPU computes, 1 means the caller's alone, and more that the JVM's common pool may help to
 *     check and copy images
 * @param singlePrecision whether a GPU stores activations in single instead of half precision; the
 *     processor always does
 */
public record RunOptions(Device device, int threads, boolean singlePrecision) {

  /** Checks the threads. */
  public RunOptions {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "The number of threads should not be negative, but it is " + threads + ".");
    }
  }

  /** Options with which a GPU stores activations in half precision. */
  public RunOptions(Device device, int threads) {
    this(device, threads, false);
  }

  /** The fastest device and one thread a processor. */
  public static RunOptions defaults() {
    return new RunOptions(Device.AUTO, 0);
  }

  /** These options, but a GPU stores activations in single precision: up to 3e38, not 65504. */
  public RunOptions withSinglePrecision() {
    return new RunOptions(device, threads, true);
  }

  /** The threads to use, at least 1. */
  int actualThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}
