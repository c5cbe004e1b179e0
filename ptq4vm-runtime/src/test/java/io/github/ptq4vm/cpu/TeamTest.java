package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TeamTest {
  private final ExecutorService pool = Executors.newFixedThreadPool(3);

  @AfterEach
  void close() {
    pool.shutdown();
  }

  @Test
  void doesEveryPartOnce() {
    AtomicIntegerArray counts = new AtomicIntegerArray(37);
    AtomicIntegerArray busy = new AtomicIntegerArray(4);
    try (Team team = new Team(pool, 4)) {
      for (int round = 0; round < 500; round++) {
        team.forEach(
            37,
            (part, member) -> {
              assertThat(busy.incrementAndGet(member)).isEqualTo(1);
              counts.incrementAndGet(part);
              busy.decrementAndGet(member);
            });
        for (int i = 0; i < 37; i++) {
          assertThat(counts.get(i)).isEqualTo(round + 1);
        }
      }
    }
  }

  @Test
  void helpersReallyHelp() throws InterruptedException {
    ConcurrentHashMap<Integer, Boolean> members = new ConcurrentHashMap<>();
    try (Team team = new Team(pool, 3)) {
      for (int round = 0; round < 1000 && members.size() < 3; round++) {
        // Long pauses let helpers fall asleep; they must wake up again.
        Thread.sleep(5);
        team.forEach(
            30,
            (part, member) -> {
              members.put(member, true);
              try {
                Thread.sleep(1);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
      }
    }
    assertThat(members.keySet()).containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void worksAloneWhileNoHelperIsFree() {
    try (Team busy = new Team(pool, 4)) {
      AtomicIntegerArray counts = new AtomicIntegerArray(10);
      try (Team team = new Team(pool, 4)) {
        team.forEach(10, (part, member) -> counts.incrementAndGet(part));
      }
      busy.forEach(10, (part, member) -> counts.incrementAndGet(part));
      for (int i = 0; i < 10; i++) {
        assertThat(counts.get(i)).isEqualTo(2);
      }
    }
  }

  @Test
  void worksWithTheHelpersThatAPoolStillAccepts() throws InterruptedException {
    Executor closing = accepting(1, new RejectedExecutionException("shut down"));
    AtomicIntegerArray counts = new AtomicIntegerArray(10);
    try (Team team = new Team(closing, 4)) {
      assertThat(team.members()).isEqualTo(2);
      team.forEach(
          10,
          (part, member) -> {
            assertThat(member).isLessThan(2);
            counts.incrementAndGet(part);
          });
    }
    for (int i = 0; i < 10; i++) {
      assertThat(counts.get(i)).isEqualTo(1);
    }
    requireThatHelpersLeave();
  }

  @Test
  void letsHelpersGoWhenItCannotBeMade() throws InterruptedException {
    Executor exhausted = accepting(2, new OutOfMemoryError("no more threads"));
    assertThatThrownBy(() -> new Team(exhausted, 4)).hasMessage("no more threads");
    requireThatHelpersLeave();
  }

  @Test
  void callerSleepsUntilTheLastHelperIsDoneAndKeepsItsInterrupt() {
    Thread caller = Thread.currentThread();
    CountDownLatch helping = new CountDownLatch(1);
    AtomicBoolean slept = new AtomicBoolean();
    try (Team team = new Team(pool, 2)) {
      team.forEach(
          2,
          (part, member) -> {
            if (member == 1) {
              helping.countDown();
              slept.set(comesToSleep(caller));
            } else {
              // Not by sleeping: the helper watches for that.
              while (helping.getCount() > 0) {
                Thread.onSpinWait();
              }
              caller.interrupt();
            }
          });
    }
    assertThat(Thread.interrupted()).isTrue();
    assertThat(slept).isTrue();
  }

  private static boolean comesToSleep(Thread thread) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (thread.isInterrupted() || thread.getState() != Thread.State.WAITING) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }

  /** The pool, which fails after some tasks. */
  private Executor accepting(int tasks, Throwable failure) {
    AtomicInteger accepted = new AtomicInteger();
    return task -> {
      if (accepted.incrementAndGet() <= tasks) {
        pool.execute(task);
      } else if (failure instanceof Error error) {
        throw error;
      } else {
        throw (RuntimeException) failure;
      }
    };
  }

  private void requireThatHelpersLeave() throws InterruptedException {
    pool.shutdown();
    assertThat(pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void passesOnAFailureAndGoesOn() {
    try (Team team = new Team(pool, 3)) {
      assertThatThrownBy(
              () ->
                  team.forEach(
                      20,
                      (part, member) -> {
                        if (part == 7) {
                          throw new IllegalStateException("part seven");
                        }
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("part seven");
      AtomicIntegerArray counts = new AtomicIntegerArray(5);
      team.forEach(5, (part, member) -> counts.incrementAndGet(part));
      assertThat(counts.toString()).isEqualTo("[1, 1, 1, 1, 1]");
    }
  }
}
