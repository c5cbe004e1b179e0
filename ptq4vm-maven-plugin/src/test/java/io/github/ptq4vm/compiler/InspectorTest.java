package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.artifact.ModelId;
import io.github.ptq4vm.artifact.SafetensorsWriter;
import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectorTest {
  private static final Inspector.Options DEFAULTS =
      new Inspector.Options("model", "auto", null, null, null);

  /** The sample's checkpoint; its digest by sha256sum, its shapes by PyTorch. */
  private static final Path SAMPLE =
      Path.of("../it/samples/quickstart/model/src/main/ptq4vm/vim_nano_shapes.pth");

  private static final String SAMPLE_SHA256 =
      "03f37ade1094983bd12f5db76ffa1218c5a4e949463dd6639627fad71114e86b";

  @TempDir Path folder;

  private static Map<String, String> inspect(Path file, String sha256) {
    return Inspector.inspect(file, sha256, DEFAULTS).facts().stream()
        .collect(
            Collectors.toMap(
                Inspection.Fact::name, Inspection.Fact::value, (a, b) -> a + " | " + b));
  }

  private Path safetensors(String name, Map<String, Tensor> tensors) throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream out = Files.newOutputStream(file)) {
      SafetensorsWriter.write(tensors, new TreeMap<>(), out);
    }
    return file;
  }

  private Path jar(String variant) throws IOException {
    Model model = SmallModels.mini();
    ModelDescription description =
        new ModelDescription(
            new ModelId("g", "a", "1", variant),
            ModelDescription.Quantization.of("none", 32, 32, model.network()),
            new ModelDescription.Source("m.pth", "ab".repeat(32)),
            new ModelDescription.Calibration(7, "cd".repeat(32), "name", 3),
            new TreeMap<>(Map.of("steps", "5", "plan in_proj", "rotated")),
            new TreeMap<>(Map.of("top1", 0.5)),
            "MIT",
            new TreeMap<>(Map.of("java", "17")));
    Path jar = folder.resolve(variant + ".jar");
    ArtifactWriter.write(
        new ArtifactContent(
            description, model, Preprocessing.forImageSize(32), List.of(), "MIT\n", "# a\n"),
        Instant.parse("2026-11-21T00:00:00Z"),
        jar);
    return jar;
  }

  @Test
  @DisplayName("says what a checkpoint of PyTorch is, at the size its patches tile")
  void checkpoint() {
    Map<String, String> facts = inspect(SAMPLE, " " + SAMPLE_SHA256.toUpperCase() + "\n");
    assertThat(facts)
        .containsEntry("kind", "checkpoint")
        .containsEntry("sha256", SAMPLE_SHA256 + " (the one that is expected)")
        .containsEntry("classes", "10");
    assertThat(facts.get("architecture")).startsWith("Vim of width ").endsWith("(vim)");
    assertThat(facts.get("input")).startsWith("64 x 64 pixels").contains("<imageSize> is not set");
    assertThat(facts.get("tensors")).contains(" of F32");
    assertThat(facts).containsKey("tensor.layers.#.mixer.in_proj.weight");
    assertThat(inspect(SAMPLE, null).get("sha256")).contains("nothing to compare it with");
  }

  @Test
  @DisplayName("lists tensors and quantizable linears with their shapes")
  void shapes() throws IOException {
    Map<String, String> facts =
        inspect(safetensors("m.safetensors", SmallModels.mini().parameters()), null);
    assertThat(facts)
        .containsEntry("input", "32 x 32 pixels, patches every 8 (assumed: <imageSize> is not set)")
        .containsEntry("blocks", "3")
        .containsEntry("linears", "18 quantizable, with 32256 weights")
        .containsEntry("linear.in_proj", "3 x [128, 32] float32")
        .containsEntry("linear.out_proj", "3 x [32, 64] float32")
        .containsEntry("tensor.layers.#.mixer.in_proj.weight", "3 x [128, 32] F32")
        .containsEntry("tensor.head.bias", "[10] F32");
  }

  @Test
  @DisplayName("says why a checkpoint cannot be quantized, and what it has all the same")
  void unknown() throws IOException {
    Map<String, String> facts =
        inspect(
            safetensors("m", Map.of("fc.weight", new Tensor.Floats(List.of(2, 3), new float[6]))),
            null);
    assertThat(facts.get("quantizable")).startsWith("not as it is:").contains("no family");
    assertThat(facts)
        .containsEntry("tensors", "1, 6 elements, 1 of F32")
        .doesNotContainKey("architecture");
  }

  @Test
  @DisplayName("checks every digest of a model's jar and says where it comes from")
  void artifact() throws IOException {
    Path jar = jar("f32");
    assertThat(inspect(jar, null))
        .containsEntry("kind", "model")
        .containsEntry("model", "g:a:1:f32")
        .containsEntry("license", "MIT")
        .containsEntry("classes", "10, without labels")
        .containsEntry("checkpoint", "m.pth, sha256 " + "ab".repeat(32))
        .containsEntry("recipe.plan in_proj", "rotated")
        .containsEntry("metric.top1", "0.5")
        .containsEntry("toolchain.java", "17")
        .hasEntrySatisfying("digests", text -> assertThat(text).startsWith("verified"))
        .hasEntrySatisfying(
            "calibration", text -> assertThat(text).startsWith("7 images, name, seed 3"));
    byte[] bytes = Files.readAllBytes(jar);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("# a\n");
    bytes[at] ^= 1;
    Path damaged = Files.write(folder.resolve("damaged.jar"), bytes);
    assertThatThrownBy(() -> inspect(damaged, null))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("MODEL_CARD.md");
  }

  @Test
  @DisplayName("inspects all models of a jar that several were merged into")
  void merged() throws IOException {
    Path merged = folder.resolve("app.jar");
    TreeMap<String, byte[]> entries = new TreeMap<>();
    for (String variant : List.of("one", "two")) {
      try (var zip = new java.util.zip.ZipFile(jar(variant).toFile())) {
        for (ZipEntry entry : java.util.Collections.list(zip.entries())) {
          byte[] bytes = zip.getInputStream(entry).readAllBytes();
          entries.merge(
              entry.getName(),
              bytes,
              (a, b) ->
                  entry.getName().endsWith("models.list")
                      ? (new String(a, StandardCharsets.UTF_8)
                              + new String(b, StandardCharsets.UTF_8))
                          .getBytes(StandardCharsets.UTF_8)
                      : a);
        }
      }
    }
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(merged))) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    assertThat(inspect(merged, null))
        .containsEntry("kind", "2 models in one jar")
        .containsEntry("model", "g:a:1:one | g:a:1:two");
  }

  @Test
  @DisplayName("refuses files that are neither, and files with another digest than expected")
  void refused() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "not a model at all");
    assertThatThrownBy(() -> inspect(text, null)).hasMessageContaining("is no checkpoint");
    assertThatThrownBy(() -> inspect(folder.resolve("none"), null))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("does not exist");
    assertThatThrownBy(() -> inspect(SAMPLE, "00"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("SHA-256 " + SAMPLE_SHA256 + ", but 00 is expected");
    Path jar = folder.resolve("code.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      zip.putNextEntry(new ZipEntry("A.class"));
    }
    assertThatThrownBy(() -> inspect(jar, null))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("holds no model");
  }

  @Test
  @DisplayName("tells the precision of each kind of linear, mixed or not")
  void precision() {
    Network network =
        SmallModels.mini()
            .network()
            .mapLinears(
                linear ->
                    linear.kind().equals("in_proj")
                        ? linear.withPrecision(
                            new Precision(
                                4,
                                8,
                                ActivationScale.DYNAMIC_PER_TOKEN,
                                linear.output().contains("layers.0")
                                    ? Rotation.HADAMARD
                                    : Rotation.NONE))
                        : linear);
    Inspection.Builder facts = new Inspection.Builder();
    LinearInspection.add(network, facts);
    assertThat(facts.build().lines())
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("linear.in_proj")
                    .endsWith(
                        "1 x [128, 32] W4A8, dynamic per token, rotated; 2 x [128, 32] W4A8, dynamic per token"));
  }
}
