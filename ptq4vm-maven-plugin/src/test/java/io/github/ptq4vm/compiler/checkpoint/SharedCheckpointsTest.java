package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
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
      ImportedModel imported = ModelImporter.load(checkpoint, ImportOptions.of(imageSize));
      assertThat(imported.family()).isEqualTo("vim");
      assertThat(imported.stride()).isEqualTo(8);
      assertThat(imported.model().network().sections()).hasSize(depth + 2);
      assertThat(imported.model().network().shape("pos_embed").tokens()).isEqualTo(tokens);
      assertThat(imported.model().network().classes()).isEqualTo(classes);
      assertThatThrownBy(() -> ModelImporter.load(checkpoint, ImportOptions.of(224)))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("imageSize " + imageSize + " with stride 8");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fixtures/mini_vmamba_s1.pth|64x96||vmamba|VMamba of widths 16, 32, 64, 128 and depths 1, 1, 2, 1|10",
        "models/vmamba_micro_imagenette64.pth|64||vmamba|VMamba of widths 32, 64, 128, 256 and depths 1, 1, 3, 1|11",
        "fixtures/mini_local_vim.ckpt|64|h,v_flip,w7,w7_flip;h_flip,w2_flip,v,w2;h,h_flip,w2,w2_flip|localvim|LocalVim of width 32 and depth 3|5",
        "quickstart/local_vim_nano_shapes.pth|64|h,v_flip,w2,w7; h_flip,v,w2_flip,v_flip; h,h_flip,v,v_flip|localvim|LocalVim of width 64 and depth 3|5",
        "fixtures/mini_local_vssm.ckpt|96|h,h_flip,w7,w7_flip|localvmamba|LocalVMamba of widths 16, 32, 64, 128 and depths 1, 1, 2, 1|10",
      })
  void importsOtherFamilies(
      String file,
      String size,
      @Nullable String directions,
      String family,
      String variant,
      int sections) {
    ImportOptions options =
        ImportOptions.of(ImageSize.parse(size, "size")).withScanDirections(directions);
    try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path(file), "model")) {
      ImportedModel imported = ModelImporter.load(checkpoint, options);
      assertThat(imported.family()).isEqualTo(family);
      assertThat(imported.variant()).isEqualTo(variant);
      assertThat(imported.model().network().classes()).isEqualTo(10);
      assertThat(imported.model().network().sections()).hasSize(sections);
      if (file.startsWith("fixtures/")) {
        Model filled = FillerModels.fill(imported.model().network());
        filled
            .parameters()
            .keySet()
            .forEach(
                name ->
                    assertThat(
                            largestDifference(imported.model().floats(name), filled.floats(name)))
                        .as(name)
                        .isLessThan(1e-6f));
      }
      assertThat(ModelImporter.load(checkpoint, options.withArchitecture(family)).model().network())
          .isEqualTo(imported.model().network());
      if (directions != null) {
        assertThatThrownBy(() -> ModelImporter.load(checkpoint, options.withScanDirections(null)))
            .isInstanceOf(CompileException.class)
            .hasMessageContaining(file)
            .hasMessageContaining("a " + variant)
            .hasMessageContaining("Set scanDirections");
      }
      assertThatThrownBy(() -> ModelImporter.load(checkpoint, options.withArchitecture("vim")))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("Missing: ")
          .hasMessageContaining("Unexpected: ")
          .hasMessageContaining("closest family is " + variant.replaceAll(" of .*", "."));
    }
  }

  private static float largestDifference(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    float largest = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    return largest;
  }
}
