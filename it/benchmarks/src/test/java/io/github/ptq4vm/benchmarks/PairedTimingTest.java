package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairedTimingTest {
  private final List<String> order = new ArrayList<>();
  private long now;

  private Runnable task(String name, long... nanos) {
    int[] run = {0};
    return () -> {
      order.add(name);
      now += nanos[run[0]++ % nanos.length];
    };
  }

  @Test
  void tasksTakeTurnsAndSwapWhoGoesFirst() {
    PairedTiming.measure(task("A", 1), task("B", 1), 4, 4, () -> true, List.of(() -> now));

    assertThat(order).containsExactly("A", "B", "B", "A", "A", "B", "B", "A");
  }

  @Test
  void timesBelongToTheirTaskWhoeverWentFirst() {
    List<PairedTiming> timings =
        PairedTiming.measure(
            task("A", 1_000_000, 2_000_000, 3_000_000),
            task("B", 2_000_000, 5_000_000, 9_000_000),
            1,
            3,
            () -> false,
            List.of(() -> now, () -> 2 * now));
    PairedTiming timing = timings.get(0);

    assertThat(timing.first()).containsExactly(1_000_000, 2_000_000, 3_000_000);
    assertThat(timing.second()).containsExactly(2_000_000, 5_000_000, 9_000_000);
    assertThat(timing.firstMillis()).isEqualTo(2);
    assertThat(timing.secondMillis()).isEqualTo(5);
    assertThat(timing.ratio(0.5)).isEqualTo(2.5);
    assertThat(timing.ratio(0.25)).isCloseTo(2.25, within(1e-12));
    assertThat(timing.ratio(0.75)).isCloseTo(2.75, within(1e-12));
    assertThat(timings.get(1).first()).containsExactly(2_000_000, 4_000_000, 6_000_000);
  }

  @Test
  void aRowEndsWhenItIsEnoughButNotBeforeItsLeastPairs() {
    List<PairedTiming> timings =
        PairedTiming.measure(task("A", 1), task("B", 1), 2, 9, () -> true, List.of(() -> now));

    assertThat(timings.get(0).pairs()).isEqualTo(2);
    assertThat(order).hasSize(4);
  }

  @Test
  void processorTimeDoesNotPassWhileAThreadSleeps() throws InterruptedException {
    ThreadClock clock = new ThreadClock();
    long start = clock.getAsLong();
    Thread.sleep(300);

    assertThat(clock.getAsLong() - start).isBetween(0L, 200_000_000L);
  }
}
