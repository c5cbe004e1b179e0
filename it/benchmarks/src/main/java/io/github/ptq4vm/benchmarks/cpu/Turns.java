package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonObject;
import io.github.ptq4vm.benchmarks.PairedTiming;
import java.util.ArrayList;
import java.util.List;

/**
 * Two rivals timed in turns, each by its own clocks, so that whatever else the machine does meets
 * both alike.
 *
 * @param wall what a caller waits
 * @param processor time of all threads of a run together
 */
record Turns(PairedTiming wall, PairedTiming processor) {
  private static final int LEAST_WARM_UPS = 2;

  /** How long to measure. */
  record Patience(int leastPairs, int mostPairs, double seconds, double warmUpSeconds) {}

  /**
   * Times what both have open.
   *
   * @param first has no JIT compiler, so a few runs warm it up
   */
  static Turns of(Rival first, Rival second, Patience patience) {
    warmUp(first, 0);
    warmUp(second, patience.warmUpSeconds());
    List<long[]> firsts = new ArrayList<>();
    List<long[]> seconds = new ArrayList<>();
    long end = System.nanoTime() + (long) (patience.seconds() * 1e9);
    while (firsts.size() < patience.mostPairs()
        && (firsts.size() < patience.leastPairs() || System.nanoTime() < end)) {
      boolean ahead = firsts.size() % 2 == 0;
      long[] before = ahead ? time(first) : new long[0];
      seconds.add(time(second));
      firsts.add(ahead ? before : time(first));
    }
    return new Turns(timing(firsts, seconds, 0), timing(firsts, seconds, 1));
  }

  /**
   * Runs of one rival, for want of another.
   *
   * @param wall nanoseconds of each run
   * @param processor nanoseconds of all threads of each run
   */
  record Alone(List<Long> wall, List<Long> processor) {}

  /** Times what a rival has open. */
  static Alone alone(Rival rival, Patience patience) {
    warmUp(rival, patience.warmUpSeconds());
    Alone times = new Alone(new ArrayList<>(), new ArrayList<>());
    long end = System.nanoTime() + (long) (patience.seconds() * 1e9);
    while (times.wall().size() < patience.mostPairs()
        && (times.wall().size() < patience.leastPairs() || System.nanoTime() < end)) {
      long[] run = time(rival);
      times.wall().add(run[0]);
      times.processor().add(run[1]);
    }
    return times;
  }

  private static PairedTiming timing(List<long[]> firsts, List<long[]> seconds, int clock) {
    return new PairedTiming(
        firsts.stream().mapToLong(times -> times[clock]).toArray(),
        seconds.stream().mapToLong(times -> times[clock]).toArray());
  }

  /** For some seconds of processor time: what a JIT compiler needs depends on work done. */
  private static void warmUp(Rival rival, double least) {
    double seconds = 0;
    for (int i = 0; i < LEAST_WARM_UPS || seconds < least; i++) {
      seconds += time(rival)[1] / 1e9;
    }
  }

  /** Wall and processor time of a run, nanoseconds. */
  private static long[] time(Rival rival) {
    JsonObject answer = rival.ask(Ask.run(1));
    return new long[] {
      answer.getAsJsonArray("wall").get(0).getAsLong(),
      answer.getAsJsonArray("processor").get(0).getAsLong()
    };
  }
}
