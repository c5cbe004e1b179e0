package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.Device;
import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.artifact.ModelId;
import io.github.ptq4vm.compiler.VerifyResult.Measured;
import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.ImportedModel;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Measures the sample's network, packed without quantizing it, so that the answers are known. */
class VerifierTest {
  private static final Path SAMPLE = Path.of("../it/samples/quickstart");
  private static final Path CHECKPOINT =
      SAMPLE.resolve("model/src/main/ptq4vm/vim_nano_shapes.pth");

  @TempDir Path folder;

  private final List<String> heard = new ArrayList<>();
  private final CompileListener listener =
      new CompileListener() {
        @Override
        public void info(String message) {
          heard.add(message);
        }

        @Override
        public void warn(String message) {
          heard.add(message);
        }

        @Override
        public void progress(String task, long done, long total, String unit) {
          heard.add(task + " " + done + "/" + total);
        }
      };

  private static ImportedModel imported() {
    try (Checkpoint checkpoint = Checkpoints.open(CHECKPOINT, "model")) {
      return ModelImporter.load(checkpoint, ImportOptions.of(64));
    }
  }

  private Path jar(String name, Model model, String checkpointSha256, Map<String, String> recipe)
      throws IOException {
    Path jar = folder.resolve(name + ".jar");
    ModelDescription description =
        new ModelDescription(
            new ModelId("g", "a", "1", name),
            ModelDescription.Quantization.of("none", 32, 32, model.network()),
            new ModelDescription.Source("vim_nano_shapes.pth", checkpointSha256),
            new ModelDescription.Calibration(1, "cd".repeat(32), "name", 0),
            new TreeMap<>(recipe),
            new TreeMap<>(),
            "MIT",
            new TreeMap<>());
    Preprocessing asItIs =
        new Preprocessing(
            0,
            0,
            Preprocessing.Interpolation.BICUBIC,
            Preprocessing.IMAGENET_MEAN,
            Preprocessing.IMAGENET_STD);
    List<String> labels = Files.readAllLines(SAMPLE.resolve("model/src/main/ptq4vm/synset.txt"));
    ArtifactWriter.write(
        new ArtifactContent(description, model, asItIs, labels, "MIT\n", "# a\n"),
        Instant.parse("2026-11-21T00:00:00Z"),
        jar);
    return jar;
  }

  private List<Measured> verify(Path images, Path... jars) {
    return new Verifier(listener)
        .verify(new VerifyRequest(CHECKPOINT, "auto", images, List.of(jars), Device.CPU, 2))
        .models();
  }

  @Test
  @DisplayName("measures the checkpoint once, and each jar by what it answers itself")
  void measures() throws IOException {
    ImportedModel imported = imported();
    Path same = jar("same", imported.model(), imported.checkpointSha256(), Map.of());
    SortedMap<String, Tensor> changed = new TreeMap<>(imported.model().parameters());
    float[] bias = imported.model().floats("head.bias").clone();
    bias[0] = 1000;
    changed.put("head.bias", new Tensor.Floats(List.of(bias.length), bias));
    Path constant =
        jar(
            "constant",
            new Model(imported.model().network(), changed),
            imported.checkpointSha256(),
            Map.of("weights", "model", "steps", "7"));

    List<Measured> measured = verify(SAMPLE.resolve("validation"), same, constant);

    Measured first = measured.get(0);
    assertThat(first.images()).isEqualTo(400);
    assertThat(first.model()).isEqualTo("g:a:1:same");
    assertThat(first.sha256()).isEqualTo(Checkpoints.sha256(same));
    assertThat(first.provider()).startsWith("cpu/");
    // What its training script measured in PyTorch.
    assertThat(first.fp32().top1()).isEqualTo(0.925);
    assertThat(first.fp32().top5()).isBetween(0.925, 1.0);
    assertThat(first.packaged()).isEqualTo(first.fp32());
    assertThat(first.agreement()).isEqualTo(1);
    assertThat(first.dropPoints()).isZero();
    // It answers with the first class always, and 42 of the 400 images are arrows.
    Measured last = measured.get(1);
    assertThat(last.packaged().top1()).isEqualTo(42 / 400.0);
    assertThat(last.fp32()).isEqualTo(first.fp32());
    assertThat(last.agreement()).isLessThan(0.2);
    assertThat(last.dropPoints()).isCloseTo(92.5 - 10.5, within(1e-9));
    assertThat(floatRuns(400)).isEqualTo(1);
  }

  private long floatRuns(int images) {
    String line = "Running the checkpoint " + images + "/" + images;
    return heard.stream().filter(line::equals).count();
  }

  @Test
  @DisplayName("runs the checkpoint again for a jar that was made from it differently")
  void runs() throws IOException {
    Path images = folder.resolve("images");
    for (String label : Files.readAllLines(SAMPLE.resolve("model/src/main/ptq4vm/synset.txt"))) {
      Path one = Files.createDirectories(images.resolve(label)).resolve("1.png");
      try (Stream<Path> all = Files.list(SAMPLE.resolve("validation").resolve(label))) {
        Files.copy(all.sorted().findFirst().orElseThrow(), one);
      }
    }
    ImportedModel imported = imported();
    String sha256 = imported.checkpointSha256();
    verify(
        images,
        jar("one", imported.model(), sha256, Map.of()),
        jar("two", imported.model(), sha256, Map.of("seed", "1")),
        jar("stride", imported.model(), sha256, Map.of("stride", "8")));
    assertThat(floatRuns(10)).isEqualTo(2);
  }

  @Test
  @DisplayName("refuses a jar of another checkpoint, a damaged jar, and images of other classes")
  void refuses() throws IOException {
    ImportedModel imported = imported();
    Path other = jar("other", imported.model(), "ab".repeat(32), Map.of());
    assertThatThrownBy(() -> verify(SAMPLE.resolve("validation"), other))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("ab".repeat(32))
        .hasMessageContaining(imported.checkpointSha256())
        .hasMessageContaining("quantize again");
    Path damaged = Files.write(folder.resolve("damaged.jar"), new byte[10]);
    assertThatThrownBy(() -> verify(SAMPLE.resolve("validation"), damaged))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("no sound jar");
    Path jar = jar("same", imported.model(), imported.checkpointSha256(), Map.of());
    Path images = Files.createDirectories(folder.resolve("images"));
    Files.createSymbolicLink(
        images.resolve("star"), SAMPLE.resolve("validation/star").toAbsolutePath());
    assertThatThrownBy(() -> verify(images, jar))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("1 class folders but the model has 10 classes");
    Path strange =
        jar("strange", imported.model(), imported.checkpointSha256(), Map.of("stride", "x"));
    assertThatThrownBy(() -> verify(SAMPLE.resolve("validation"), strange))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("stride is \"x\"");
  }
}
