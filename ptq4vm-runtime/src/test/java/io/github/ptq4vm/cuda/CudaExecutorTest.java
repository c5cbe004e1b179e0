package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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
      assertThat(gpu.run(IMAGES)).isDeepEqualTo(expected);
      assertThat(gpu.largestBatch()).isEqualTo(2);
    }
    Emulation.set("MEMORY", Long.toString(constants + 4096));
    assertThatThrownBy(() -> new CudaExecutor(MODEL))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("does not suffice");
    Emulation.set("MEMORY", Long.toString(constants / 2));
    assertThatThrownBy(() -> new CudaExecutor(MODEL)).isInstanceOf(GpuUnavailableException.class);
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
