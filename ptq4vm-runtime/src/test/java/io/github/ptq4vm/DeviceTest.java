package io.github.ptq4vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a model runs on a machine without a GPU. */
class DeviceTest {
  @TempDir Path folder;

  private Path jar;

  @BeforeEach
  void write() throws IOException {
    ArtifactContent content = SmallModels.random(5);
    jar = folder.resolve("model.jar");
    ArtifactWriter.write(content, SmallModels.TIME, jar);
  }

  @Test
  void takesTheProcessorWhereThereIsNoGpu() {
    try (QuantizedModel model = QuantizedModel.load(jar)) {
      assertThat(model.provider()).startsWith("cpu/");
    }
  }

  @Test
  void saysWhyThereIsNoGpu() {
    assertThatThrownBy(() -> QuantizedModel.load(jar, new RunOptions(Device.CUDA, 0)))
        .isInstanceOf(GpuUnavailableException.class)
        .message()
        .containsAnyOf("libcuda", "CUDA_VISIBLE_DEVICES");
  }
}
