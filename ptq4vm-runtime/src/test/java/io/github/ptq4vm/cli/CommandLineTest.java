package io.github.ptq4vm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.SmallModels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CommandLineTest {

  @TempDir Path folder;

  private Path jar;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void write() throws IOException {
    jar = folder.resolve("model.jar");
    ArtifactWriter.write(SmallModels.tiny(), SmallModels.TIME, jar);
  }

  @Test
  void predictsAnImageALineInTheOrderOfArguments() throws IOException {
    Path second = image("images/b.JPG", 2);
    Path first = image("images/a/z.png", 1);
    Files.writeString(folder.resolve("images/notes.txt"), "no image");
    Path named = image("c.bin", 3);

    int status = run("predict", "--model", jar, "--logits", named, folder.resolve("images"));

    assertThat(err.toString()).isEmpty();
    assertThat(status).isZero();
    List<JsonObject> lines = lines();
    assertThat(lines)
        .extracting(line -> line.get("file").getAsString())
        .containsExactly(named.toString(), first.toString(), second.toString());
    try (QuantizedModel model = QuantizedModel.load(jar)) {
      for (JsonObject line : lines) {
        float[] logits = model.logits(Path.of(line.get("file").getAsString()));
        JsonArray printed = line.getAsJsonArray("logits");
        assertThat(printed).hasSize(3);
        for (int i = 0; i < 3; i++) {
          assertThat(printed.get(i).getAsFloat()).isEqualTo(logits[i]);
        }
        JsonObject best = line.getAsJsonArray("predictions").get(0).getAsJsonObject();
        assertThat(best.keySet()).containsExactly("index", "label", "probability");
        assertThat(best.get("index").getAsInt()).isEqualTo(model.topK(logits, 1).get(0).index());
        assertThat(best.get("label").getAsString())
            .isEqualTo(model.labels().get(best.get("index").getAsInt()));
        assertThat(best.get("probability").getAsFloat())
            .isEqualTo(model.topK(logits, 1).get(0).probability());
      }
    }
  }

  @Test
  void answersAnErrorForAnImageThatCannotBeReadAndGoesOn() throws IOException {
    Path bad = Files.writeString(folder.resolve("bad.png"), "no image");
    Path good = image("good.png", 1);
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path absent = folder.resolve("absent.jpg");

    int status = run("predict", "--top-k", 2, "--model", jar, bad, good, empty, absent);

    assertThat(status).isEqualTo(1);
    List<JsonObject> lines = lines();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0).get("error").getAsString()).contains("bad.png");
    assertThat(lines.get(0).has("predictions")).isFalse();
    assertThat(lines.get(1).getAsJsonArray("predictions")).hasSize(2);
    assertThat(lines.get(1).has("logits")).isFalse();
    assertThat(lines.get(2).get("error").getAsString()).contains("no JPEG or PNG");
    assertThat(lines.get(3).get("error").getAsString()).contains("absent.jpg");
  }

  @Test
  void followsSymbolicLinks() throws IOException {
    image("elsewhere/arrow/1.png", 1);
    image("elsewhere/single.png", 2);
    Path classes = Files.createDirectory(folder.resolve("classes"));
    Path all = folder.resolve("all");
    Path link = classes.resolve("arrow");
    try {
      Files.createSymbolicLink(link, folder.resolve("elsewhere/arrow"));
      Files.createSymbolicLink(classes.resolve("b.png"), folder.resolve("elsewhere/single.png"));
      Files.createSymbolicLink(classes.resolve("gone.png"), folder.resolve("absent.png"));
      Files.createSymbolicLink(all, classes);
    } catch (IOException | UnsupportedOperationException e) {
      assumeTrue(false, "symbolic links cannot be made here: " + e);
    }

    assertThat(run("predict", "--model", jar, all)).isZero();
    assertThat(lines())
        .extracting(line -> line.get("file").getAsString())
        .containsExactly(all.resolve("arrow/1.png").toString(), all.resolve("b.png").toString());

    out.getBuffer().setLength(0);
    Path back = Files.createSymbolicLink(classes.resolve("back"), classes);
    assertThat(run("predict", "--model", jar, classes)).isEqualTo(1);
    assertThat(lines().get(0).get("error").getAsString())
        .contains("symbolic link " + back + " leads back");
  }

  @Test
  void runsMoreImagesThanABatch() throws IOException {
    for (int i = 0; i < 35; i++) {
      image("many/%02d.png".formatted(i), i);
    }
    Files.writeString(folder.resolve("many/17.png"), "no image");
    assertThat(run("predict", "--threads", 1, "--model", jar, folder.resolve("many"))).isEqualTo(1);
    List<JsonObject> lines = lines();
    assertThat(lines).hasSize(35);
    for (int i = 0; i < 35; i++) {
      assertThat(lines.get(i).get("file").getAsString()).endsWith("%02d.png".formatted(i));
      assertThat(lines.get(i).has("error")).isEqualTo(i == 17);
    }
  }

  @Test
  void saysWhatIsWrongWithAModelOrTheArgumentsWithoutATrace() throws IOException {
    Path image = image("a.png", 1);
    assertThat(run("predict", "--model", folder.resolve("absent.jar"), image)).isEqualTo(2);
    assertThat(err.toString()).contains("There is no file").doesNotContain("\tat ");
    Files.write(jar, new byte[100]);
    assertThat(run("predict", "--model", jar, image)).isEqualTo(2);
    assertThat(err.toString()).contains("no sound jar");
    assertThat(run("predict", image)).isEqualTo(2);
    assertThat(run("predict", "--model", jar, "--top-k", 0, image)).isEqualTo(2);
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).contains("--top-k should be").contains("Name a command");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void printsWhatAModelSaysAboutItself() {
    assertThat(run("inspect", "--model", jar)).isZero();
    assertThat(out.toString())
        .contains("com.acme.models:tiny-vim:1.2.0:w4a4")
        .contains("ptq4vm W4A4")
        .containsPattern("digests +verified: model.json and the \\d files")
        .contains("recipe.alpha")
        .contains("metrics.top1")
        .contains("toolchain.cpu")
        .contains("weights.safetensors");
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).contains("artifact format 1");
  }

  @Test
  void advisesTheVectorModuleButStartsNoOtherJvm() throws Exception {
    Path image = image("a.png", 1);
    Path bad = Files.writeString(folder.resolve("bad.png"), "no image");
    Path errors = folder.resolve("errors.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "predict",
                "--model",
                jar.toString(),
                image.toString(),
                bad.toString())
            .redirectError(errors.toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(output.lines()).hasSize(2).allMatch(line -> line.startsWith("{\"file\":"));
    assertThat(errors)
        .content()
        .contains("CPU kernels: scalar", "java --add-modules jdk.incubator.vector -jar")
        .doesNotContain("CPU kernels: vector", "Exception");
  }

  private int run(Object... arguments) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    return line.execute(texts);
  }

  private List<JsonObject> lines() {
    return out.toString()
        .lines()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  private Path image(String name, int seed) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 63; i++) {
      image.setRGB(i % 9, i / 9, (i * 7919 + seed * 104729) & 0xFFFFFF);
    }
    ImageIO.write(image, name.endsWith("JPG") ? "jpg" : "png", file.toFile());
    return file;
  }
}
