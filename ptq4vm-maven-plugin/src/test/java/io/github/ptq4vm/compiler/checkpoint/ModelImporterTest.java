package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelImporterTest {
  private static final VisionMamba SMALL = new VisionMamba(8, 16, 2, 4, 2, 4, 4, 4, 16, 3);

  private static MadeCheckpoint small() {
    return MadeCheckpoint.of(SMALL.network());
  }

  private static ImportedModel load(MadeCheckpoint checkpoint, String architecture, int imageSize) {
    return ModelImporter.load(
        checkpoint, ImportOptions.of(imageSize).withArchitecture(architecture));
  }

  private static void refused(
      MadeCheckpoint checkpoint, String architecture, int imageSize, String... reasons) {
    assertThatThrownBy(() -> load(checkpoint, architecture, imageSize))
        .isInstanceOf(CompileException.class)
        .hasMessageContainingAll(reasons);
  }

  @ParameterizedTest
  @CsvSource({
    "vim_tiny, 224, Vim-Ti, 16, 192, 197",
    "vim_small, 224, Vim-S, 16, 384, 197",
    "vim_base, 224, Vim-B, 16, 768, 197",
    "vim_tiny_stride8, 224, Vim-Ti+, 8, 192, 730",
    "vim_small_stride8, 224, Vim-S+, 8, 384, 730",
    "vim_tiny, 64, Vim-Ti, 16, 192, 17",
  })
  void takesTheSizeFromTheTensors(
      String name, int imageSize, String variant, int stride, int dim, int tokens) {
    var network = ReleasedModels.network(name, ImageSize.square(imageSize));
    ImportedModel imported = load(MadeCheckpoint.of(network), "auto", imageSize);
    assertThat(imported.model().network()).isEqualTo(network);
    assertThat(imported.family()).isEqualTo("vim");
    assertThat(imported.variant()).isEqualTo(variant);
    assertThat(imported.stride()).isEqualTo(stride);
    assertThat(imported.notes()).isEmpty();
    assertThat(imported.checkpointSha256()).isEqualTo("00");
    assertThat(imported.model().network().shape("pos_embed").channels()).isEqualTo(dim);
    assertThat(imported.model().network().shape("pos_embed").tokens()).isEqualTo(tokens);
  }

  @Test
  void bindsEveryTensor() {
    ImportedModel imported =
        ModelImporter.load(small(), ImportOptions.of(16).withArchitecture("VIM").withStride(4));
    assertThat(imported.model().network()).isEqualTo(SMALL.network());
    assertThat(imported.variant()).isEqualTo("Vim of width 8 and depth 2");
    assertThat(imported.model().parameters()).hasSize(7 + 2 * 17);
    assertThat(imported.model().floats("layers.1.mixer.A_b_log"))
        .isEqualTo(Filler.parameter("layers.1.mixer.A_b_log", List.of(16, 4)).data());
  }

  @Test
  void listsBothSidesAndTheClosestFamily() {
    refused(
        small().without("layers.1.mixer.D_b").with("layers.1.mixer.gamma", 8),
        "auto",
        16,
        "does not fit the architecture vim",
        "Missing: 1 key (layers.1.mixer.D_b)",
        "Unexpected: 1 key (layers.1.mixer.gamma)",
        "closest family is Vim.");
    MadeCheckpoint gap =
        small().renamed(key -> key.startsWith("layers.1.") ? key.replace(".1.", ".7.") : key);
    refused(gap, "auto", 16, "Missing: 17 keys", "Unexpected: 17 keys", "and 7 more");
  }

  @Test
  void surplusKeysAreNamedAndTheirCureIsToLeaveThemOut() {
    refused(
        small().with("layers.1.mixer.gamma", 8).with("ema.decay", 1),
        "auto",
        16,
        "has every tensor of the architecture vim",
        "Unexpected: 2 keys (ema.decay, layers.1.mixer.gamma)",
        "an averaged copy (EMA)",
        "delete these keys",
        "report it");
    assertThatThrownBy(() -> load(small().with("ema.decay", 1), "auto", 16))
        .hasMessageNotContaining("complete")
        .hasMessageNotContaining("Missing");
  }

  @Test
  void partOfAModelIsSaidToBeOneWithTheLayersItHas() {
    refused(
        small().without("head.bias"),
        "auto",
        16,
        "is not complete for the architecture vim: it has the layers 0 to 1, but",
        "Missing: 1 key (head.bias)",
        "merge them",
        "more layers may be missing");
    MadeCheckpoint half =
        MadeCheckpoint.of(ReleasedModels.network("vim_tiny", ImageSize.square(224)));
    half.weights().keySet().removeIf(key -> key.matches("layers\\.(1[2-9]|2\\d)\\..*|norm_f.*"));
    refused(half, "auto", 224, "it has the layers 0 to 11, but", "Missing: 1 key (norm_f.weight)");
    MadeCheckpoint staged =
        MadeCheckpoint.of(ReleasedModels.network("vmamba_t_s1l8", ImageSize.square(224)));
    staged.without("classifier.head.bias");
    refused(
        staged,
        "auto",
        224,
        "it has the blocks 0 to 1 of stage 0, the blocks 0 to 1 of stage 1, the blocks 0 to 7 of stage 2",
        "Missing: 1 key (classifier.head.bias)");
  }

  @Test
  void shapesThatContradictEachOther() {
    refused(
        small().with("layers.1.mixer.x_proj.weight", 11, 16),
        "vim",
        16,
        "layers.1.mixer.x_proj.weight has [11, 16] instead of [10, 16]");
    refused(small().with("patch_embed.proj.weight", 8, 1, 4, 4), "vim", 16, "[8, 3, 4, 4]");
    refused(small().with("pos_embed", 17, 8), "vim", 16, "\"pos_embed\"", "3 extents");
    refused(small().with("head.weight", 0, 8), "vim", 16, "none of them 0");
  }

  @Test
  void imageSizesThatDoNotFit() {
    refused(small(), "vim", 224, "imageSize 16 with stride 4", "interpolatePositions");
    refused(small(), "vim", 3, "imageSize 16 with stride 4");
    refused(small(), "vim", 8192, "imageSize 16 with stride 4");
    assertThatThrownBy(() -> ModelImporter.load(small(), ImportOptions.of(new ImageSize(16, 24))))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("at imageSize 16x24");
  }

  @Test
  void weightsThatAreNotFinite() {
    MadeCheckpoint made = small();
    ((Tensor.Floats) made.weights().get("head.bias")).data()[2] = Float.NaN;
    refused(made, "vim", 16, "\"head.bias\"", "NaN at flat index 2");
  }

  @Test
  void architecturesByName() {
    refused(
        small(),
        "resnet",
        16,
        "\"resnet\" is not known",
        "auto or one of: vim, vmamba, localvim, localvmamba");
    refused(small(), "vmamba", 16, "does not fit the architecture vmamba", "Vim.");
  }

  @Test
  void otherFamilies() {
    MadeCheckpoint resnet = new MadeCheckpoint(new TreeMap<>());
    resnet.with("conv1.weight", 64, 3, 7, 7).with("fc.weight", 10, 512).with("head.bias", 10);
    refused(
        resnet,
        "auto",
        224,
        "of no family that is known",
        "3 keys",
        "conv1.weight",
        "set architecture",
        "vim, vmamba, localvim, localvmamba");
    refused(resnet, "vim", 224, "Missing: 23 keys", "Unexpected: 2 keys");
  }
}
