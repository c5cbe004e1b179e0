package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.cpu.Filler;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that does not suffice, and who gets it, on the emulated driver. */
@EmulatedGpu(only = true)
class GpuRoomTest extends SmallModelsOnGpu {
  @Test
  void smallerBatchesWhereMemoryIsScarce() {
    float[][] expected = one(MODEL);
    LoweredNetwork lowered = Lowering.lower(MODEL, StorageType.F16, Set.of());
    long two = lowered.workspace(2).bytes();
    long constants = lowered.constants().bytes();
    Emulation.set("MEMORY", Long.toString(constants + two + 4096));
    try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
      int streams = Emulation.count(Emulation.Count.STREAMS);
      assertThat(gpu.run(IMAGES)).isDeepEqualTo(expected);
      // There is no room for a second batch, nor for those of other sizes.
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(streams);
      assertThat(gpu.largestBatch()).isEqualTo(256);
    }
    Emulation.set("MEMORY", Long.toString(constants + 4096));
    assertThatThrownBy(() -> new CudaExecutor(MODEL))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("does not suffice");
    Emulation.set("MEMORY", Long.toString(constants / 2));
    assertThatThrownBy(() -> new CudaExecutor(MODEL)).isInstanceOf(GpuUnavailableException.class);
  }

  /** A model whose session is idle makes room for another model's, and for its weights. */
  @Test
  void modelsMakeRoomForEachOther() {
    float[][] expected = one(MODEL);
    float[][] others = one(OTHER);
    LoweredNetwork lowered = Lowering.lower(MODEL, StorageType.F16, Set.of());
    LoweredNetwork second = Lowering.lower(OTHER, StorageType.F16, Set.of());
    long constants = lowered.constants().bytes() + second.constants().bytes();
    Emulation.set("MEMORY", Long.toString(constants + lowered.workspace(4).bytes() + 4096));
    try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
      assertThat(gpu.run(IMAGES)).isDeepEqualTo(expected);
      try (CudaExecutor other = new CudaExecutor(OTHER)) {
        for (int i = 0; i < 3; i++) {
          assertThat(other.run(IMAGES)).isDeepEqualTo(others);
          assertThat(gpu.run(IMAGES)).isDeepEqualTo(expected);
        }
      }
    }
  }

  /** There is memory for one session; all others wait for it, and nobody fails or is forgotten. */
  @Test
  @Timeout(120)
  void manyThreadsAndModelsShareScarceMemory() throws Exception {
    float[][] expected = one(MODEL);
    float[][] others = one(OTHER);
    LoweredNetwork lowered = Lowering.lower(MODEL, StorageType.F16, Set.of());
    LoweredNetwork second = Lowering.lower(OTHER, StorageType.F16, Set.of());
    long constants = lowered.constants().bytes() + second.constants().bytes();
    Emulation.set("MEMORY", Long.toString(constants + lowered.workspace(1).bytes() + 4096));
    ExecutorService threads = Executors.newFixedThreadPool(12);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4);
        CudaExecutor other = new CudaExecutor(OTHER, StorageType.F16, 4)) {
      List<Callable<float[][]>> calls = inTurns(12, gpu, other);
      List<Future<float[][]>> answers = threads.invokeAll(calls);
      for (int i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get()).isDeepEqualTo(i % 2 == 0 ? expected : others);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void largerBatchesAreTriedAgain() {
    BatchLimit limit = new BatchLimit(256);
    assertThat(limit.next()).isEqualTo(256);
    limit.lower(128);
    limit.lower(64);
    limit.lower(128);
    for (int size : new int[] {64, 128, 256}) {
      for (int i = 0; i < BatchLimit.PATIENCE + (size == 64 ? 0 : 1); i++) {
        assertThat(limit.next()).isEqualTo(size);
      }
    }
    assertThat(limit.most()).isEqualTo(256);
  }

  @Test
  void largerBatchesAreMadeOnceThereIsMemory() {
    LoweredNetwork lowered = Lowering.lower(MODEL, StorageType.F16, Set.of());
    long memory = lowered.constants().bytes() + lowered.workspace(1).bytes() + 4096;
    Emulation.set("MEMORY", Long.toString(memory));
    float[][] pair = Filler.images(2, 12, 12);
    try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
      gpu.run(pair);
      Emulation.set("MEMORY", "");
      int streams = Emulation.count(Emulation.Count.STREAMS);
      for (int i = 0; i < BatchLimit.PATIENCE; i++) {
        gpu.run(pair);
      }
      // One of two images.
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(streams + 1);
    }
  }

  /** A refused session costs calls of the driver, which not every batch should make again. */
  @Test
  void aSecondSessionIsNotTriedForAWhileAfterItWasRefused() {
    long memory = memoryFor(1);
    Emulation.set("MEMORY", Long.toString(memory));
    float[][] pair = Filler.images(2, 12, 12);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 1)) {
      gpu.run(pair);
      Emulation.set("MEMORY", "");
      int streams = Emulation.count(Emulation.Count.STREAMS);
      for (int i = 0; i < BatchLimit.PATIENCE; i++) {
        gpu.run(pair);
      }
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(streams);
      gpu.run(pair);
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(streams + 1);
    }
  }

  @Test
  void aRefusalIsOneOfLargerSessionsToo() {
    Refusal refusal = new Refusal();
    assertThat(refusal.holds(256)).isFalse();
    refusal.remember(4);
    assertThat(refusal.holds(2)).isFalse();
    for (int i = 0; i < BatchLimit.PATIENCE; i++) {
      assertThat(refusal.holds(i % 2 == 0 ? 4 : 8)).isTrue();
    }
    assertThat(refusal.holds(8)).isFalse();
    assertThat(refusal.holds(4)).isFalse();
  }

  /** Bytes for the model and a batch. */
  private static long memoryFor(int images) {
    LoweredNetwork lowered = Lowering.lower(MODEL, StorageType.F16, Set.of());
    return lowered.constants().bytes() + lowered.workspace(images).bytes() + 4096;
  }

  /** What a recorded batch needs of the driver's own is needed when it is made. */
  @Test
  void recordedWorkMakesRoomForItself() {
    float[][] expected = one(MODEL);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4)) {
      Emulation.set("FAIL", "cuGraphUpload:2:1");
      float[][] four = Arrays.copyOf(IMAGES, 4);
      assertThat(gpu.run(four)).isDeepEqualTo(Arrays.copyOf(expected, 4));
      // That of one image, which was idle, was closed for it.
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(1);
    }
  }

  /** A session that failed is not waited for. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void nobodyWaitsForASessionThatFailed() {
    float[][] expected = one(MODEL);
    Emulation.set("MEMORY", Long.toString(memoryFor(1)));
    try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
      float[][] pair = Arrays.copyOf(IMAGES, 2);
      Emulation.set("FAIL", "cuGraphLaunch:1:1");
      assertThatThrownBy(() -> gpu.run(Arrays.copyOf(IMAGES, 1))).isInstanceOf(CudaException.class);
      // Two images do not fit, and no session is in use that could make room.
      assertThat(gpu.run(pair)).isDeepEqualTo(Arrays.copyOf(expected, 2));
    }
  }

  private interface Check {
    void run(SessionPool pool) throws Exception;
  }

  private static void withPool(int most, Check check) throws Exception {
    LoadedNetwork loaded = LoadedNetwork.load(MODEL, StorageType.F16, Set.of(), 0);
    try (loaded;
        SessionPool pool =
            new SessionPool(
                loaded.gpu().room(),
                images -> new Session(loaded, images, NETWORK.classes(), false),
                most)) {
      check.run(pool);
    }
  }

  /** Starts something that has to wait, and returns when it does. */
  private static Thread waiting(Runnable work) throws InterruptedException {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    return thread;
  }

  /** Idle sessions of a steady stream of small batches go to the large one that waits. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void smallBatchesDoNotOvertakeALargeOneThatWaits() throws Exception {
    Emulation.set("MEMORY", Long.toString(memoryFor(4)));
    withPool(
        4,
        pool -> {
          for (int round = 0; round < 20; round++) {
            AtomicBoolean served = new AtomicBoolean();
            Session small = pool.take(1);
            Thread large =
                waiting(
                    () -> {
                      Session session = pool.take(4);
                      served.set(true);
                      pool.giveBack(session);
                    });
            int taken = 0;
            do {
              pool.giveBack(small);
              small = pool.take(1);
              taken++;
            } while (!served.get() && taken < 1000);
            assertThat(taken).as("small batches before the large one").isEqualTo(1);
            large.join();
            pool.giveBack(small);
          }
        });
  }

  /** A second batch of a request does not take the permit of those who wait for a first. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whoDoesNotWaitDoesNotOvertakeWhoDoes() throws Exception {
    withPool(
        1,
        pool -> {
          for (int round = 0; round < 50; round++) {
            Session session = pool.take(1);
            AtomicBoolean served = new AtomicBoolean();
            Thread second =
                waiting(
                    () -> {
                      Session own = pool.take(1);
                      served.set(true);
                      pool.giveBack(own);
                    });
            pool.giveBack(session);
            Session overtaking = pool.tryTake(1);
            if (overtaking != null) {
              boolean after = served.get();
              pool.giveBack(overtaking);
              assertThat(after).as("served before").isTrue();
            }
            second.join();
          }
        });
  }

  /** What is idle gives way to those who look at a network or measure it, too. */
  @Test
  void idleSessionsMakeRoomForTracesAndMeasurements() {
    String value = NETWORK.quantizableLinears().get(0).input();
    float[][] four = Arrays.copyOf(IMAGES, 4);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4)) {
      float[][] expected = gpu.run(four);
      Emulation.set("FAIL", "cuMemAlloc:2:2");
      try (CudaTracer tracer = new CudaTracer(MODEL, false, Set.of(value))) {
        assertThat(tracer.trace(IMAGES[0])).containsOnlyKeys(value);
      }
      assertThat(gpu.run(four)).isDeepEqualTo(expected);
      Emulation.set("FAIL", "cuGraphUpload:2:1");
      try (CudaTimer timer = new CudaTimer(MODEL, four)) {
        assertThat(timer.milliseconds(1)).hasSize(1);
        assertThat(gpu.run(four)).isDeepEqualTo(expected);
        Emulation.set("FAIL", "cuGraphUpload:2:1");
        assertThat(timer.kernels(1)).isNotEmpty();
      }
    }
  }
}
