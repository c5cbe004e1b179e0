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
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
      Emulation.set("FAIL", "cuGraphLaunch:1:2");
      assertThatThrownBy(() -> gpu.run(images)).isInstanceOf(CudaException.class);
      assertThat(Emulation.count(Emulation.Count.LAUNCHES)).isGreaterThan(launches);
    }
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
      gpu.run(pair);
      // A second session of one image.
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(streams + 1);
      for (int i = 0; i < BatchLimit.PATIENCE; i++) {
        gpu.run(pair);
      }
      // One of two images.
      assertThat(Emulation.count(Emulation.Count.STREAMS)).isEqualTo(streams + 2);
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
