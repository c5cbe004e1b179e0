package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WorkspacePoolTest {
  private final AtomicInteger made = new AtomicInteger();
  private final WorkspacePool pool =
      new WorkspacePool(
          () -> {
            made.incrementAndGet();
            return new Workspace(new Placement[0], new int[] {1}, new int[0], 1);
          },
          2);

  @Test
  void keepsOnlySomeOfARush() {
    take(5).forEach(pool::giveBack);
    assertThat(made).hasValue(5);
    take(5);
    assertThat(made).hasValue(5 + 5 - 2);
  }

  @Test
  void handsOutTheOneUsedLast() {
    List<Workspace> both = take(2);
    pool.giveBack(both.get(0));
    pool.giveBack(both.get(1));
    assertThat(pool.take()).isSameAs(both.get(1));
  }

  @Test
  void keepsNoneOnceItIsClosed() {
    List<Workspace> both = take(2);
    pool.giveBack(both.get(0));
    pool.close();
    pool.giveBack(both.get(1));
    assertThat(take(2)).doesNotContainAnyElementsOf(both);
  }

  private List<Workspace> take(int count) {
    List<Workspace> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(pool.take());
    }
    return taken;
  }
}
