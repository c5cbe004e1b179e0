package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real checkpoints in the authors' layouts, where they are at hand. */
class SharedCheckpointsTest {

  private static SortedMap<String, String> golden(String file, String model) throws IOException {
    JsonObject json =
        JsonParser.parseString(Files.readString(SharedFiles.path("fixtures/" + file)))
            .getAsJsonObject();
    SortedMap<String, String> shapes = new TreeMap<>();
    JsonObject keys = json.getAsJsonObject(model).getAsJsonObject("keys");
    for (String key : keys.keySet()) {
      StringBuilder shape = new StringBuilder();
      for (JsonElement extent : keys.getAsJsonArray(key)) {
        shape.append(shape.isEmpty() ? "" : ", ").append(extent.getAsInt());
      }
      shapes.put(key, "[" + shape + "]");
    }
    return shapes;
  }

  @ParameterizedTest
  @CsvSource({
    "mini_vim.pth,golden_vim.json,mini_vim",
    "mini_vmamba_s1.pth,golden_vmamba.json,mini_vmamba_s1",
    "mini_local_vim.ckpt,golden_local.json,mini_local_vim",
    "mini_local_vssm.ckpt,golden_local.json,mini_local_vssm",
  })
  void fixturesHaveTheAuthorsShapesAndFillerValues(String file, String golden, String model)
      throws IOException {
    SortedMap<String, String> shapes = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path("fixtures/" + file), "model")) {
      checkpoint.tensors().forEach((key, info) -> shapes.put(key, info.shape().toString()));
      assertThat(shapes).isEqualTo(golden(golden, model));
      for (String key : checkpoint.tensors().keySet()) {
        if (!key.contains("freqs_")) {
          Tensor.Floats tensor = checkpoint.read(key);
          assertThat(tensor.data())
              .as(key)
              .containsExactly(Filler.parameter(key, tensor.shape()).data(), Offset.offset(1e-7f));
        }
      }
    }
  }

  @Test
  void averagedWeightsAreOthers() {
    Path file = SharedFiles.path("fixtures/mini_vim.pth");
    try (Checkpoint plain = Checkpoints.open(file, "model");
        Checkpoint averaged = Checkpoints.open(file, "model_ema")) {
      assertThat(averaged.tensors()).isEqualTo(plain.tensors());
      float[] head = plain.read("head.weight").data();
      float[] half = averaged.read("head.weight").data();
      for (int i = 0; i < head.length; i++) {
        assertThat(half[i]).isEqualTo(0.5f * head[i]);
      }
    }
    assertThatThrownBy(() -> Checkpoints.open(file, "model_average"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("\"model\", \"model_ema\"");
  }

  @ParameterizedTest
  @CsvSource({
    "fixtures/mini_vim.pth,32,3,17,10",
    "models/vim_micro_imagenette64.pth,64,6,65,10",
    "quickstart/vim_nano_shapes.pth,64,4,65,10",
  })
  void importsVims(String file, int imageSize, int depth, int tokens, int classes) {
    try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path(file), "model")) {
      ImportedModel imported = ModelImporter.load(checkpoint, "auto", imageSize, null);
      assertThat(imported.family()).isEqualTo("vim");
      assertThat(imported.stride()).isEqualTo(8);
      assertThat(imported.model().network().sections()).hasSize(depth + 2);
      assertThat(imported.model().network().shape("pos_embed").tokens()).isEqualTo(tokens);
      assertThat(imported.model().network().classes()).isEqualTo(classes);
      assertThatThrownBy(() -> ModelImporter.load(checkpoint, "auto", 224, null))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("imageSize " + imageSize + " with stride 8");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "fixtures/mini_vmamba_s1.pth,VMamba",
    "models/vmamba_micro_imagenette64.pth,VMamba",
    "fixtures/mini_local_vim.ckpt,LocalVim",
    "quickstart/local_vim_nano_shapes.pth,LocalVim",
    "fixtures/mini_local_vssm.ckpt,LocalVMamba",
  })
  void namesFamiliesItDoesNotSupport(String file, String family) {
    try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path(file), "model")) {
      assertThatThrownBy(() -> ModelImporter.load(checkpoint, "auto", 224, null))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("is a " + family + " by its keys")
          .hasMessageContaining("recognised but not supported");
      assertThatThrownBy(() -> ModelImporter.load(checkpoint, "vim", 224, null))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("Missing: ")
          .hasMessageContaining("Unexpected: ")
          .hasMessageContaining("closest family is " + family + ", which");
    }
  }
}
