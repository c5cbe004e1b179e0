package io.github.ptq4vm.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Two tasks timed in turns, so that whatever else the machine does meets both alike: first, second,
 * second, first, and again.
 *
 * @param first nanoseconds of each run of the first task
 * @param second nanoseconds of each run of the second, by the same pairs
 */
public record PairedTiming(long[] first, long[] second) {

  /**
   * Runs both.
   *
   * @param least pairs at least
   * @param most pairs at most
   * @param enough asked after each pair beyond the least: whether to stop
   * @param clocks each gives nanoseconds
   * @return by each clock
   */
  static List<PairedTiming> measure(
      Runnable first,
      Runnable second,
      int least,
      int most,
      BooleanSupplier enough,
      List<LongSupplier> clocks) {
    long[][] one = new long[clocks.size()][most];
    long[][] two = new long[clocks.size()][most];
    int pairs = 0;
    while (pairs < most && (pairs < least || !enough.getAsBoolean())) {
      boolean ahead = pairs % 2 == 0;
      long[] before = ahead ? time(first, clocks) : new long[0];
      long[] seconds = time(second, clocks);
      long[] firsts = ahead ? before : time(first, clocks);
      for (int clock = 0; clock < clocks.size(); clock++) {
        one[clock][pairs] = firsts[clock];
        two[clock][pairs] = seconds[clock];
      }
      pairs++;
    }
    int counted = pairs;
    return IntStream.range(0, clocks.size())
        .mapToObj(
            clock ->
                new PairedTiming(
                    Arrays.copyOf(one[clock], counted), Arrays.copyOf(two[clock], counted)))
        .toList();
  }

  private static long[] time(Runnable task, List<LongSupplier> clocks) {
    long[] start = clocks.stream().mapToLong(LongSupplier::getAsLong).toArray();
    task.run();
    long[] end = clocks.stream().mapToLong(LongSupplier::getAsLong).toArray();
    Arrays.setAll(end, i -> end[i] - start[i]);
    return end;
  }

  /** Number of pairs. */
  public int pairs() {
    return first.length;
  }

  /** Median of the first task in milliseconds. */
  public double firstMillis() {
    return quantile(millis(first), 0.5);
  }

  /** Median of the second task in milliseconds. */
  public double secondMillis() {
    return quantile(millis(second), 0.5);
  }

  /**
   * How much longer the second task took in the same pair.
   *
   * @param share 0.5 for the median of all pairs, 0.25 and 0.75 for the quartiles
   */
  public double ratio(double share) {
    double[] ratios = new double[first.length];
    Arrays.setAll(ratios, i -> (double) second[i] / first[i]);
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
