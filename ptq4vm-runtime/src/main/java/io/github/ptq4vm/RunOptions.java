package io.github.ptq4vm;

import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How a model runs.
 *
 * @param device where
 * @param threads how many threads a call may use, its own included; 0 for one a processor. Where a
 *     GPU computes, 1 means the caller's alone, and more that the JVM's common pool may help to
 *     check and copy images
 * @param helpers where the threads of a call but its own come from, on the processor: each is taken
 *     by a task that ends with the call, and a task that comes late or not at all is not waited
 *     for; the model does not shut it down. Null for daemon threads of the model's own
 * @param singlePrecision whether a GPU stores activations in single instead of half precision; the
 *     processor always does
 */
public record RunOptions(
    Device device, int threads, @Nullable Executor helpers, boolean singlePrecision) {

  /** Checks the threads. */
  public RunOptions {
    Objects.requireNonNull(device, "The device of RunOptions must not be null; AUTO chooses one.");
    if (threads < 0) {
      throw new IllegalArgumentException(
          "The number of threads should not be negative, but it is " + threads + ".");
    }
  }

  /** With threads of the model's own, and half precision on a GPU. */
  public RunOptions(Device device, int threads) {
    this(device, threads, null, false);
  }

  /** The fastest device and one thread a processor. */
  public static RunOptions defaults() {
    return new RunOptions(Device.AUTO, 0);
  }

  /** These options, but the threads of a call on the processor come from an executor. */
  public RunOptions withHelpers(Executor executor) {
    return new RunOptions(device, threads, executor, singlePrecision);
  }

  /** These options, but a GPU stores activations in single precision: up to 3e38, not 65504. */
  public RunOptions withSinglePrecision() {
    return new RunOptions(device, threads, helpers, true);
  }

  /** The threads to use, at least 1. */
  int actualThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}
