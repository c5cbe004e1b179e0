package io.github.ptq4vm.benchmarks;

import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Two tasks timed in turns, so that whatever else the machine does meets both alike: first, second,
 * second, first, and again.
 *
 * @param first nanoseconds of each run of the first task
 * @param second nanoseconds of each run of the second, by the same pairs
 */
record PairedTiming(long[] first, long[] second) {

  /**
   * Runs both.
   *
   * @param warmUp pairs that do not count
   * @param pairs pairs that count, at least 1
   * @param clock nanoseconds
   */
  static PairedTiming measure(
      Runnable first, Runnable second, int warmUp, int pairs, LongSupplier clock) {
    PairedTiming timing = new PairedTiming(new long[pairs], new long[pairs]);
    for (int i = -warmUp; i < pairs; i++) {
      boolean ahead = i % 2 == 0;
      long one = ahead ? time(first, clock) : 0;
      long two = time(second, clock);
      if (!ahead) {
        one = time(first, clock);
      }
      if (i >= 0) {
        timing.first[i] = one;
        timing.second[i] = two;
      }
    }
    return timing;
  }

  private static long time(Runnable task, LongSupplier clock) {
    long start = clock.getAsLong();
    task.run();
    return clock.getAsLong() - start;
  }

  /** Median of the first task in milliseconds. */
  double firstMillis() {
    return quantile(millis(first), 0.5);
  }

  /** Median of the second task in milliseconds. */
  double secondMillis() {
    return quantile(millis(second), 0.5);
  }

  /**
   * How much longer the second task took in the same pair.
   *
   * @param share 0.5 for the median of all pairs, 0.25 and 0.75 for the quartiles
   */
  double ratio(double share) {
    double[] ratios = new double[first.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = (double) second[i] / first[i];
    }
    return quantile(ratios, share);
  }

  private static double[] millis(long[] nanos) {
    return Arrays.stream(nanos).mapToDouble(value -> value / 1e6).toArray();
  }

  /** Between neighbours by distance. */
  private static double quantile(double[] values, double share) {
    Arrays.sort(values);
    double at = share * (values.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, values.length - 1);
    return values[below] + (at - below) * (values[above] - values[below]);
  }
}
