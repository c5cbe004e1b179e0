package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.OverflowException;
import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions, sharing and the end of an executor, on the emulated driver, which counts. */
@EmulatedGpu(only = true)
class CudaExecutorTest {
  private static final Network NETWORK = new VisionMamba(8, 16, 1, 4, 1, 3, 4, 4, 12, 6).network();

  private static final Model MODEL = Quantizer.model(NETWORK, 8, 8, 1);
  private static final Model OTHER = Quantizer.model(NETWORK, 4, 8, 2);
  private static final float[][] IMAGES = Filler.images(7, 12, 12);

  @BeforeEach
  @AfterEach
  void usualSettings() {
    Emulation.reset();
  }

  @AfterEach
  void everythingWasGivenBack() {
    assertThat(Emulation.alive()).isZero();
  }

  private static float[][] one(Model model) {
    try (CudaExecutor gpu = new CudaExecutor(model)) {
      return gpu.run(IMAGES);
    }
  }

  @Test
  void manyThreadsAndModelsShareAGpu() throws Exception {
    float[][] expected = one(MODEL);
    float[][] others = one(OTHER);
    assertThat(expected[0]).isNotEqualTo(others[0]);
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4);
        CudaExecutor second = new CudaExecutor(OTHER, StorageType.F16, 4)) {
      assertThat(Emulation.count(Emulation.Count.MODULES)).isEqualTo(1);
      List<Callable<float[][]>> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        calls.add(() -> gpu.run(IMAGES));
        calls.add(() -> second.run(IMAGES));
      }
      List<Future<float[][]>> answers = threads.invokeAll(calls);
      for (int i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get()).isDeepEqualTo(i % 2 == 0 ? expected : others);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void modelsComeAndGoWithoutATrace() {
    for (int i = 0; i < 20; i++) {
      try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
        gpu.run(IMAGES);
      }
      assertThat(Emulation.alive()).isZero();
    }
  }

  @Test
  void memoryDoesNotGrowFromCallToCall() {
    try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
      gpu.run(IMAGES);
      int alive = Emulation.alive();
      int launches = Emulation.count(Emulation.Count.LAUNCHES);
      for (int i = 0; i < 5; i++) {
        gpu.run(IMAGES);
      }
      assertThat(Emulation.alive()).isEqualTo(alive);
      assertThat(Emulation.count(Emulation.Count.LAUNCHES)).isGreaterThan(launches);
    }
  }

  @Test
  void closingWaitsAndEndsTheUse() throws Exception {
    CudaExecutor gpu = new CudaExecutor(MODEL);
    int launches = Emulation.count(Emulation.Count.LAUNCHES);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<float[][]> call = thread.submit(() -> gpu.run(Filler.images(40, 12, 12)));
      while (Emulation.count(Emulation.Count.LAUNCHES) == launches) {
        Thread.sleep(1);
      }
      gpu.close();
      assertThat(call.get()).hasNumberOfRows(40);
    } finally {
      thread.shutdownNow();
    }
    gpu.close();
    assertThatThrownBy(() -> gpu.run(IMAGES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The executor is closed.");
  }

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
      List<Callable<float[][]>> calls = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        calls.add(() -> gpu.run(IMAGES));
        calls.add(() -> other.run(IMAGES));
      }
      List<Future<float[][]>> answers = threads.invokeAll(calls);
      for (int i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get()).isDeepEqualTo(i % 2 == 0 ? expected : others);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @Timeout(120)
  void moreThreadsThanSessionsDoNotWaitForEachOther() throws Exception {
    float[][] images = Filler.images(23, 12, 12);
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 2)) {
      float[][] expected = gpu.run(images);
      List<Callable<float[][]>> calls = Collections.nCopies(32, () -> gpu.run(images));
      for (Future<float[][]> answer : threads.invokeAll(calls)) {
        assertThat(answer.get()).isDeepEqualTo(expected);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void startsABatchBeforeItWaitsForTheLast() {
    float[][] images = Filler.images(8, 12, 12);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4)) {
      float[][] expected = gpu.run(images);
      // Two sessions for batches of four beside the one that was made at first.
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(3);
      // Whatever comes first says which it is.
      Emulation.set("FAIL", "cuStreamSynchronize:1:1,cuGraphLaunch:1:2");
      assertThatThrownBy(() -> gpu.run(images)).hasMessageContaining("cuGraphLaunch");
      Emulation.reset();
      assertThat(gpu.run(images)).isDeepEqualTo(expected);
      Emulation.set("FAIL", "cuStreamSynchronize:1:2");
      assertThatThrownBy(() -> gpu.run(images)).hasMessageContaining("cuStreamSynchronize");
      Emulation.reset();
      assertThat(gpu.run(images)).isDeepEqualTo(expected);
    }
  }

  /** A batch that is computed must not lose its memory because the next one cannot be started. */
  @Test
  void waitsForWhatIsUnderWayWhenSomethingFails() {
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4)) {
      float[][] images = Filler.images(8, 12, 12);
      gpu.run(images);
      int launches = Emulation.count(Emulation.Count.LAUNCHES);
      int freed = Emulation.count(Emulation.Count.FREED_UNDER_WAY);
      Emulation.set("FAIL", "cuGraphLaunch:1:2");
      assertThatThrownBy(() -> gpu.run(images)).isInstanceOf(CudaException.class);
      assertThat(Emulation.count(Emulation.Count.LAUNCHES)).isGreaterThan(launches);
      assertThat(Emulation.count(Emulation.Count.FREED_UNDER_WAY)).isEqualTo(freed);
    }
  }

  /** An error, here of a handler of logs, in the end of one session is not the end of all. */
  @Test
  void anErrorAmongFailuresKeepsNoSession() {
    Handler handler = new BrokenHandler();
    Logger logger = Logger.getLogger(CudaResource.class.getName());
    float[][] images = Filler.images(8, 12, 12);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4)) {
      float[][] expected = gpu.run(images);
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(3);
      logger.addHandler(handler);
      // The context is left after each launch, after the wait for the first batch, and after its
      // graph is taken back, which is logged.
      Emulation.set("FAIL", "cuGraphLaunch:1:2,cuCtxPopCurrent:1:4");
      assertThatThrownBy(() -> gpu.run(images))
          .hasMessageContaining("cuGraphLaunch")
          .satisfies(e -> assertThat(e.getSuppressed()).isNotEmpty());
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(1);
      assertThat(gpu.run(images)).isDeepEqualTo(expected);
    } finally {
      logger.removeHandler(handler);
    }
  }

  /** Throws an error instead of keeping a message. */
  private static final class BrokenHandler extends Handler {
    @Override
    public void publish(LogRecord record) {
      throw new AssertionError("on purpose");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void saysWhenHalfPrecisionDoesNotReach() {
    Model large = largeToken(MODEL);
    float[][] expected = FamilyParityTest.onCpu(large, IMAGES);
    assertThat(Images.notFinite(expected[0])).isEqualTo(-1);
    try (CudaExecutor gpu = new CudaExecutor(large)) {
      assertThatThrownBy(() -> gpu.run(IMAGES))
          .isInstanceOf(OverflowException.class)
          .hasMessageContaining("logits of image 0 from the GPU Emulated GPU are not finite")
          .hasMessageContaining("65504")
          .hasMessageContaining("Device.CPU")
          .hasMessageContaining("withSinglePrecision");
    }
    try (CudaExecutor gpu = new CudaExecutor(large, true)) {
      assertThat(FamilyParityTest.relativeError(gpu.run(IMAGES)[0], expected[0])).isLessThan(1e-3);
    }
  }

  /** The class token has values of millions, which norms remove. */
  private static Model largeToken(Model model) {
    TreeMap<String, Tensor> parameters = new TreeMap<>(model.parameters());
    parameters.replaceAll(
        (name, tensor) -> {
          if (!name.equals("cls_token") || !(tensor instanceof Tensor.Floats floats)) {
            return tensor;
          }
          float[] values = floats.data().clone();
          for (int i = 0; i < values.length; i++) {
            values[i] *= 1e8f;
          }
          return new Tensor.Floats(floats.shape(), values);
        });
    return new Model(model.network(), parameters);
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

  /** Idle sessions are not closed, nor is anyone waited for, where that would not help. */
  @Test
  void onlyALackOfMemoryIsOne() {
    CudaException lack = new CudaException("pin", "cuMemHostAlloc", 2, "OUT_OF_MEMORY", "");
    CudaException other = new CudaException("pin", "cuMemHostAlloc", 1, "INVALID_VALUE", "");
    assertThat(GpuRoom.isOutOfMemory(lack)).isTrue();
    assertThat(GpuRoom.isOutOfMemory(other)).isFalse();
    assertThat(GpuRoom.isOutOfMemory(new GpuUnavailableException("Little.", lack))).isTrue();
    assertThat(GpuRoom.isOutOfMemory(new GpuUnavailableException("Old.", other))).isFalse();
    assertThat(GpuRoom.isOutOfMemory(new GpuUnavailableException("Large."))).isFalse();
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

  /** A pool of threads shows who works: streams use that of the thread they are called on. */
  @Test
  void copiesInTheCallersThreadIfTold() throws Exception {
    float[][] images = Filler.images(64, 12, 12);
    for (boolean parallel : new boolean[] {false, true}) {
      ForkJoinPool pool = new ForkJoinPool(4);
      try (CudaExecutor gpu = new CudaExecutor(MODEL, false, parallel)) {
        pool.submit(() -> gpu.run(images)).get();
        if (parallel) {
          assertThat(pool.getPoolSize()).isGreaterThan(1);
        } else {
          assertThat(pool.getPoolSize()).isEqualTo(1);
        }
      } finally {
        pool.shutdownNow();
      }
    }
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

  /** Calls of loading or of the first batch, by the driver's names. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemAlloc",
        "cuMemHostAlloc",
        "cuStreamCreate",
        "cuStreamBeginCapture",
        "cuGraphInstantiate",
        "cuGraphUpload",
        "cuGraphLaunch",
        "cuLaunchKernel"
      })
  void failuresLeaveNothingBehind(String function) {
    // Code 1 is an invalid value: nothing that smaller batches or idle sessions could mend.
    Emulation.set("FAIL", function + ":1:1");
    assertThatThrownBy(
            () -> {
              try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
                gpu.run(IMAGES);
              }
            })
        .isInstanceOf(CudaException.class)
        .hasMessageContaining(function);
    Emulation.reset();
    assertThat(Emulation.alive()).isZero();
  }

  @Test
  void refusesWhatIsNoImage() {
    try (CudaExecutor gpu = new CudaExecutor(MODEL)) {
      assertThatThrownBy(() -> gpu.run(new float[][] {IMAGES[0], new float[5]}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Image 1 has 5 floats");
      float[] infinite = IMAGES[0].clone();
      infinite[7] = Float.NaN;
      assertThatThrownBy(() -> gpu.run(new float[][] {infinite}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Image 0 holds NaN at index 7");
      assertThat(gpu.run(new float[0][])).isEmpty();
      assertThat(gpu.provider()).isEqualTo("Emulated GPU");
    }
  }

  @Test
  void saysWhatDoesNotFitTheKernels() {
    Network wide = new VisionMamba(4, 8, 1, 200, 1, 3, 4, 4, 8, 3).network();
    assertThatThrownBy(() -> new CudaExecutor(Quantizer.model(wide, 8, 8, 1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("does not fit the kernels")
        .hasMessageContaining("200 states")
        .hasMessageContaining("Run it on the CPU");
  }

  @Test
  void batchesAreCutToWhatCanBePinnedAtOnce() {
    assertThat(CudaExecutor.largestBatch(256, 3 * 224 * 224)).isEqualTo(256);
    assertThat(CudaExecutor.largestBatch(255, 3 * 224 * 224)).isEqualTo(128);
    // 256 such images have a little more than 2^31 bytes.
    assertThat(CudaExecutor.largestBatch(256, 3 * 837 * 837)).isEqualTo(128);
    assertThat(CudaExecutor.largestBatch(256, Integer.MAX_VALUE)).isEqualTo(1);
  }
}
