package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.Device;
import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.RunOptions;
import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.SmallModels;
import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.network.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a model runs on a machine with a GPU, emulated here. */
@EmulatedGpu(only = true)
class DeviceSelectionTest {
  /** Of eight bits, so that half precision moves few codes, and none of them far. */
  private static final Model MODEL =
      Calibrated.model(Families.MINI.get("vim"), Families.chosen(8, 8));

  @TempDir Path folder;

  private Path jar;

  @BeforeEach
  void write() throws IOException {
    jar = folder.resolve("model.jar");
    ArtifactContent any = SmallModels.content(MODEL.network(), SmallModels.ID, 5);
    ArtifactContent content =
        new ArtifactContent(
            any.description(),
            MODEL,
            any.preprocessing(),
            any.labels(),
            any.licenseText(),
            any.modelCard());
    ArtifactWriter.write(content, SmallModels.TIME, jar);
    // Its start is behind us: that reads settings anew.
    CudaDrivers.get();
    Emulation.reset();
  }

  @AfterEach
  void usualSettings() {
    Emulation.reset();
  }

  @Test
  void takesTheGpuWhereThereIsOne() {
    try (QuantizedModel gpu = QuantizedModel.load(jar);
        QuantizedModel cpu = QuantizedModel.load(jar, new RunOptions(Device.CPU, 1))) {
      assertThat(gpu.provider()).isEqualTo("cuda/Emulated GPU");
      assertThat(cpu.provider()).startsWith("cpu/");
      float[] tensor = new float[3 * gpu.height() * gpu.width()];
      Random random = new Random(1);
      for (int i = 0; i < tensor.length; i++) {
        tensor[i] = (float) random.nextGaussian();
      }
      assertThat(FamilyParityTest.relativeError(gpu.logits(tensor), cpu.logits(tensor)))
          .isLessThan(2e-2);
    }
    assertThat(Emulation.alive()).isZero();
  }

  /** Streams use the pool of the thread they are called on. */
  @Test
  void oneThreadIsTheCallers() throws Exception {
    float[][] tensors = Filler.images(8, MODEL.network().height(), MODEL.network().width());
    ForkJoinPool pool = new ForkJoinPool(4);
    try (QuantizedModel gpu = QuantizedModel.load(jar, new RunOptions(Device.CUDA, 1))) {
      assertThat(pool.submit(() -> gpu.logits(tensors)).get()).hasNumberOfRows(8);
      assertThat(pool.getPoolSize()).isEqualTo(1);
    } finally {
      pool.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemAlloc:2:2",
        "cuMemHostAlloc:2:1",
        "cuStreamCreate:2:2",
        "cuGraphInstantiate:2:1",
        "cuGraphUpload:2:1"
      })
  void takesTheProcessorWhereOnlyTheWeightsFitTheGpu(String failure) {
    Emulation.set("FAIL", failure);
    try (QuantizedModel model = QuantizedModel.load(jar)) {
      assertThat(model.provider()).startsWith("cpu/");
      assertThat(model.logits(new float[3 * model.height() * model.width()])).isNotEmpty();
    }
    assertThat(Emulation.alive()).isZero();
  }

  @Test
  void takesTheProcessorWhereTheGpuIsOfNoUse() {
    Emulation.set("CAPABILITY", "7.5");
    assertThatThrownBy(() -> QuantizedModel.load(jar, new RunOptions(Device.CUDA, 1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("7.5");
    try (QuantizedModel model = QuantizedModel.load(jar)) {
      assertThat(model.provider()).startsWith("cpu/");
    }
  }
}
