package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsCheckpointTest {
  @TempDir Path folder;

  private Path write(String json, byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    bytes.writeBytes(TorchFile.little(8).putLong(header.length).array());
    bytes.writeBytes(header);
    bytes.writeBytes(data);
    // The name is no hint: the content decides.
    return Files.write(folder.resolve("model.pth"), bytes.toByteArray());
  }

  private Path sample() throws IOException {
    byte[] data =
        TorchFile.little(26)
            .putFloat(1.5f)
            .putFloat(-2f)
            .putShort((short) 0x3e00)
            .putShort((short) 0x3fc0)
            .putDouble(0.1)
            .putInt(7)
            .putShort((short) 0)
            .array();
    return write(
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"module.w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
            + "\"module.h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]},"
            + "\"module.b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[10,12]},"
            + "\"module.d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[12,20]},"
            + "\"module.n\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[20,24]},"
            + "\"module.f\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[24,26]}}",
        data);
  }

  @Test
  void readsAndConverts() throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(sample(), "model")) {
      assertThat(checkpoint.tensors())
          .containsOnlyKeys("b", "d", "f", "h", "n", "w")
          .containsEntry("w", new TensorInfo("F32", List.of(2, 1)));
      assertThat(checkpoint.read("w").data()).containsExactly(1.5f, -2f);
      assertThat(checkpoint.read("h").data()).containsExactly(1.5f);
      assertThat(checkpoint.read("b").data()).containsExactly(1.5f);
      assertThat(checkpoint.read("d").data()).containsExactly(0.1f);
      for (String key : List.of("n", "f")) {
        assertThatThrownBy(() -> checkpoint.read(key))
            .isInstanceOf(CompileException.class)
            .hasMessageContaining("must be F32, F16, BF16 or F64");
      }
    }
  }

  @Test
  void refusesOtherWeightsAndDamage() throws IOException {
    Path file = sample();
    assertThatThrownBy(() -> Checkpoints.open(file, "model_ema"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("holds one state dict");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> Checkpoints.open(file, "model"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("model.pth");
    Path empty = write("{}", new byte[0]);
    assertThatThrownBy(() -> Checkpoints.open(empty, "model"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("holds no tensors");
  }
}
