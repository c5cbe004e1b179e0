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
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions, sharing and the end of an executor, on the emulated driver. */
@EmulatedGpu(only = true)
class CudaExecutorTest extends SmallModelsOnGpu {
  @Test
  void manyThreadsAndModelsShareAGpu() throws Exception {
    float[][] expected = one(MODEL);
    float[][] others = one(OTHER);
    assertThat(expected[0]).isNotEqualTo(others[0]);
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try (CudaExecutor gpu = new CudaExecutor(MODEL, StorageType.F16, 4);
        CudaExecutor second = new CudaExecutor(OTHER, StorageType.F16, 4)) {
      assertThat(Emulation.count(Emulation.Count.MODULES)).isEqualTo(1);
      List<Callable<float[][]>> calls = inTurns(10, gpu, second);
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
