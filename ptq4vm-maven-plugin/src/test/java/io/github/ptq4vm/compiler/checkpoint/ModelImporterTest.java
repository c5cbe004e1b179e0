package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.VisionMamba;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelImporterTest {
  private static final VisionMamba SMALL = new VisionMamba(8, 16, 2, 4, 2, 4, 4, 4, 16, 3);

  /** A checkpoint that exists only in memory. */
  private record Made(SortedMap<String, Tensor> weights) implements Checkpoint {
    static Made of(Model model) {
      return new Made(new TreeMap<>(model.parameters()));
    }

    static Made small() {
      return of(FillerModels.fill(SMALL.network()));
    }

    Made with(String key, Integer... shape) {
      weights.put(key, Filler.parameter(key, List.of(shape)));
      return this;
    }

    Made without(String key) {
      assertThat(weights.remove(key)).isNotNull();
      return this;
    }

    @Override
    public Path file() {
      return Path.of("made.pth");
    }

    @Override
    public String sha256() {
      return "00";
    }

    @Override
    public SortedMap<String, TensorInfo> tensors() {
      SortedMap<String, TensorInfo> infos = new TreeMap<>();
      weights.forEach((key, tensor) -> infos.put(key, new TensorInfo("F32", tensor.shape())));
      return infos;
    }

    @Override
    public Tensor.Floats read(String key) {
      return (Tensor.Floats) weights.get(key);
    }

    @Override
    public void close() {}
  }

  private static void refused(
      Made checkpoint, String architecture, int imageSize, String... reasons) {
    assertThatThrownBy(() -> ModelImporter.load(checkpoint, architecture, imageSize, null))
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
    Model model = FillerModels.byName(name, imageSize);
    ImportedModel imported = ModelImporter.load(Made.of(model), "auto", imageSize, null);
    assertThat(imported.model().network()).isEqualTo(model.network());
    assertThat(imported.family()).isEqualTo("vim");
    assertThat(imported.variant()).isEqualTo(variant);
    assertThat(imported.stride()).isEqualTo(stride);
    assertThat(imported.checkpointSha256()).isEqualTo("00");
    assertThat(imported.model().network().shape("pos_embed").channels()).isEqualTo(dim);
    assertThat(imported.model().network().shape("pos_embed").tokens()).isEqualTo(tokens);
  }

  @Test
  void bindsEveryTensor() {
    ImportedModel imported = ModelImporter.load(Made.small(), "VIM", 16, 4);
    assertThat(imported.model().network()).isEqualTo(SMALL.network());
    assertThat(imported.variant()).isEqualTo("Vim of width 8 and depth 2");
    assertThat(imported.model().parameters()).hasSize(7 + 2 * 17);
    assertThat(imported.model().floats("layers.1.mixer.A_b_log"))
        .isEqualTo(Filler.parameter("layers.1.mixer.A_b_log", List.of(16, 4)).data());
  }

  @Test
  void listsBothSidesAndTheClosestFamily() {
    refused(
        Made.small().without("layers.1.mixer.D_b").with("layers.1.mixer.gamma", 8),
        "auto",
        16,
        "does not fit the architecture vim",
        "Missing: 1 key (layers.1.mixer.D_b)",
        "Unexpected: 1 key (layers.1.mixer.gamma)",
        "closest family is Vim.");
    Made gap = Made.small();
    List.copyOf(gap.weights().keySet()).stream()
        .filter(key -> key.startsWith("layers.1."))
        .forEach(key -> gap.weights().put(key.replace(".1.", ".7."), gap.weights().remove(key)));
    refused(gap, "auto", 16, "Missing: 17 keys", "Unexpected: 17 keys", "and 7 more");
  }

  @Test
  void shapesThatContradictEachOther() {
    refused(
        Made.small().with("layers.1.mixer.x_proj.weight", 11, 16),
        "vim",
        16,
        "layers.1.mixer.x_proj.weight has [11, 16] instead of [10, 16]");
    refused(Made.small().with("patch_embed.proj.weight", 8, 1, 4, 4), "vim", 16, "[8, 3, 4, 4]");
    refused(Made.small().with("pos_embed", 17, 8), "vim", 16, "\"pos_embed\"", "3 extents");
    refused(Made.small().with("head.weight", 0, 8), "vim", 16, "none of them 0");
  }

  @Test
  void imageSizesThatDoNotFit() {
    refused(Made.small(), "vim", 224, "imageSize 16 with stride 4");
    refused(Made.small(), "vim", -5, "imageSize 16 with stride 4");
    refused(Made.small(), "vim", Integer.MAX_VALUE, "imageSize 16 with stride 4");
  }

  @Test
  void weightsThatAreNotFinite() {
    Made made = Made.small();
    ((Tensor.Floats) made.weights().get("head.bias")).data()[2] = Float.NaN;
    refused(made, "vim", 16, "\"head.bias\"", "NaN at flat index 2");
  }

  @Test
  void architecturesByName() {
    refused(Made.small(), "vmamba", 16, "\"vmamba\" is not supported by this version", "vim");
    refused(Made.small(), "resnet", 16, "\"resnet\" is not known", "auto or one of: vim");
  }

  @Test
  void otherFamilies() {
    Made resnet = new Made(new TreeMap<>());
    resnet.with("conv1.weight", 64, 3, 7, 7).with("fc.weight", 10, 512).with("head.bias", 10);
    refused(resnet, "auto", 224, "of no family that is known", "3 keys", "conv1.weight");
    refused(resnet, "vim", 224, "Missing: 23 keys", "Unexpected: 2 keys");
  }
}
