package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads a file that PyTorch wrote; its generator lies beside it. */
class TorchCheckpointTest {
  @TempDir Path folder;

  private static Path views() {
    return made("views.pth");
  }

  private static Path made(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(TorchCheckpointTest.class.getResource("/checkpoint/" + name))
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static float[] read(String key) {
    try (Checkpoint checkpoint = Checkpoints.open(views(), "model")) {
      return checkpoint.read(key).data();
    }
  }

  @Test
  void listsShapesAndTypesOfTheStateDict() {
    try (Checkpoint checkpoint = Checkpoints.open(views(), "model")) {
      assertThat(checkpoint.tensors())
          .hasSize(9)
          .containsEntry("base", new TensorInfo("F32", List.of(4, 6)))
          .containsEntry("transposed", new TensorInfo("F32", List.of(3, 2)))
          .containsEntry("f16", new TensorInfo("F16", List.of(4)))
          .containsEntry("bf16", new TensorInfo("BF16", List.of(3)))
          .containsEntry("f64", new TensorInfo("F64", List.of(2)))
          .containsEntry("scalar", new TensorInfo("F32", List.of()))
          .containsEntry("empty", new TensorInfo("F32", List.of(0, 3)))
          .containsEntry("count", new TensorInfo("I64", List.of(2)));
      assertThat(checkpoint.file()).isEqualTo(views());
      assertThat(checkpoint.sha256())
          .isEqualTo("12f17e62f98b4ea0d340d454af4f79de188f6e4ba92a3b57720222200f637d4c");
    }
  }

  @Test
  void readsViewsOfOneStorage() {
    float[] counting = new float[24];
    for (int i = 0; i < 24; i++) {
      counting[i] = i;
    }
    assertThat(read("base")).isEqualTo(counting);
    assertThat(read("transposed")).containsExactly(8, 14, 9, 15, 10, 16);
    assertThat(read("row")).containsExactly(6, 7, 8, 9, 10, 11);
  }

  @Test
  void convertsOtherPrecisions() {
    assertThat(read("f16")).containsExactly(1.5f, -2f, 5.960464477539063e-08f, 65504f);
    assertThat(read("bf16")).containsExactly(1.5f, -2f, 0x1.c4p+127f);
    assertThat(read("f64")).containsExactly(0.1f, -0f);
    assertThat(read("scalar")).containsExactly(7f);
    assertThat(read("empty")).isEmpty();
  }

  @Test
  void refusesToReadIntegersAndUnknownKeys() {
    assertThatThrownBy(() -> read("count"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("\"count\"")
        .hasMessageContaining("I64");
    assertThatThrownBy(() -> read("counts"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("no tensor \"counts\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"protocol5.pth", "unchecked.pth"})
  void readsOtherWaysOfSaving(String name) {
    try (Checkpoint checkpoint = Checkpoints.open(made(name), "model")) {
      assertThat(checkpoint.read("w").data()).containsExactly(1, 1, 1);
    }
  }

  @Test
  void refusesModulesAndTheOldFormat() {
    assertThatThrownBy(() -> Checkpoints.open(made("module.pth"), "model"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("an object of torch.nn.modules.linear.Linear");
    assertThatThrownBy(() -> Checkpoints.open(made("legacy.pth"), "model"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("before version 1.6");
  }

  @Test
  void unwrapsParametersAndParallelPrefixes() {
    try (Checkpoint checkpoint = Checkpoints.open(views(), "parameters")) {
      assertThat(checkpoint.tensors()).containsOnlyKeys("base");
      assertThat(checkpoint.read("base").data()[23]).isEqualTo(23f);
    }
    try (Checkpoint checkpoint = Checkpoints.open(views(), "parallel")) {
      assertThat(checkpoint.tensors()).hasSize(9).containsKey("base");
    }
  }

  @Test
  void listsWhatTheFileHasWhenTheWeightsAreNotThere() {
    assertThatThrownBy(() -> Checkpoints.open(views(), "model_ema"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("no weights \"model_ema\"")
        .hasMessageContaining("\"model\", \"parameters\", \"parallel\"")
        .hasMessageContaining("other entries: \"optimizer\", \"args\", \"epoch\"");
    assertThatThrownBy(() -> Checkpoints.open(views(), "args"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("\"args\" is an object of argparse.Namespace");
    assertThatThrownBy(() -> Checkpoints.open(views(), "optimizer"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("where a tensor is expected");
  }

  /** Whatever is cut off or flipped: a clear refusal or the same shapes, and nothing else. */
  @Test
  void survivesTruncationsAndFlips() throws Exception {
    byte[] whole = Files.readAllBytes(views());
    Path file = folder.resolve("damaged.pth");
    for (int length = 0; length < whole.length; length += 19) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Checkpoints.open(file, "model"))
          .as("%d bytes", length)
          .isInstanceOf(CompileException.class);
    }
    int refused = 0;
    for (int at = 0; at < whole.length; at += 5) {
      byte[] flipped = whole.clone();
      flipped[at] ^= (byte) (1 << at % 8);
      Files.write(file, flipped);
      try (Checkpoint checkpoint = Checkpoints.open(file, "model")) {
        for (String key : checkpoint.tensors().keySet()) {
          if (!key.equals("count")) {
            checkpoint.read(key);
          }
        }
      } catch (CompileException e) {
        refused++;
        assertThat(e).hasMessageContaining("damaged.pth");
      }
    }
    assertThat(refused).isGreaterThan(200);
  }
}
