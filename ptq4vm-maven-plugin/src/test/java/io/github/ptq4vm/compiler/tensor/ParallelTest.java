package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Every element is worked on once, in contiguous parts that depend on sizes alone. */
class ParallelTest {

  @Property(tries = 200)
  void everyElementOnce(
      @ForAll @IntRange(max = 50) int count, @ForAll @IntRange(min = 1, max = 9) int threads) {
    AtomicIntegerArray seen = new AtomicIntegerArray(count + 1);
    AtomicIntegerArray parts = new AtomicIntegerArray(threads);
    try (Parallel parallel = new Parallel(threads)) {
      parallel.forRange(
          count,
          (part, from, to) -> {
            parts.incrementAndGet(part);
            for (int i = from; i < to; i++) {
              seen.incrementAndGet(i);
            }
          });
    }
    for (int i = 0; i < count; i++) {
      assertThat(seen.get(i)).isEqualTo(1);
    }
    for (int part = 0; part < threads; part++) {
      assertThat(parts.get(part)).isEqualTo(part < Math.min(count, threads) ? 1 : 0);
    }
  }

  @Test
  void failuresOfOtherThreadsReachTheCaller() {
    try (Parallel parallel = new Parallel(3)) {
      assertThatThrownBy(
              () ->
                  parallel.forRange(
                      3,
                      (part, from, to) -> {
                        if (part == 2) {
                          throw new IllegalStateException("part 2");
                        }
                      }))
          .hasMessage("part 2");
    }
  }
}
