package io.github.ptq4vm.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.network.Network;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactRoundTripTest {

  private static Path propertyFolder;

  @TempDir Path folder;

  @BeforeContainer
  static void makeFolder() throws IOException {
    propertyFolder = Files.createTempDirectory("artifact");
  }

  @AfterContainer
  static void deleteFolder() throws IOException {
    Files.deleteIfExists(propertyFolder.resolve("a.jar"));
    Files.delete(propertyFolder);
  }

  @Property(tries = 100)
  void readsWhatWasWritten(@ForAll long seed) throws IOException {
    ArtifactContent content = SmallModels.random(seed);
    Path jar = propertyFolder.resolve("a.jar");
    ArtifactWriter.write(content, SmallModels.TIME, jar);

    Artifact read = ModelLocator.read(jar);

    assertThat(read.manifest().network()).isEqualTo(content.model().network());
    assertThat(read.manifest().description()).isEqualTo(content.description());
    assertThat(read.content().labels()).isEqualTo(content.labels());
    assertThat(read.content().preprocessing()).isEqualTo(content.preprocessing());
    assertThat(read.content().licenseText()).isEqualTo(content.licenseText());
    assertThat(read.content().modelCard()).isEqualTo(content.modelCard());
    assertThat(bytes(read.content())).isEqualTo(Files.readAllBytes(jar));
  }

  @Property(tries = 100)
  void networkJsonIsAFixedPoint(@ForAll long seed) {
    Network network = SmallModels.random(seed).model().network();
    String text = JsonText.of(NetworkJson.write(network));
    JsonValue json = JsonValue.parse(text.getBytes(StandardCharsets.UTF_8), "network");

    Network read = NetworkJson.read(json, "0");

    assertThat(read).isEqualTo(network);
    assertThat(JsonText.of(NetworkJson.write(read))).isEqualTo(text);
  }

  @Test
  void isTheSameInAnotherDirectoryTimeZoneAndLanguage() throws IOException {
    TimeZone zone = TimeZone.getDefault();
    Locale locale = Locale.getDefault();
    Path one = folder.resolve("one/model.jar");
    Path two = folder.resolve("two/deeper/other.jar");
    FileDigest first = ArtifactWriter.write(SmallModels.tiny(), SmallModels.TIME, one);
    try {
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"));
      Locale.setDefault(Locale.forLanguageTag("tr-TR-u-nu-arab"));
      assertThat(ArtifactWriter.write(SmallModels.tiny(), SmallModels.TIME, two)).isEqualTo(first);
    } finally {
      TimeZone.setDefault(zone);
      Locale.setDefault(locale);
    }

    assertThat(two).hasSameBinaryContentAs(one);
    assertThat(FileDigest.of(Files.readAllBytes(one))).isEqualTo(first);
    try (Stream<Path> left = Files.list(one.getParent())) {
      assertThat(left).containsExactly(one);
    }
  }

  @Test
  void leavesNothingBehindWhenItFails() throws IOException {
    Path jar = folder.resolve("model.jar");
    assertThatThrownBy(() -> ArtifactWriter.write(SmallModels.tiny(), Instant.EPOCH, jar))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1980");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void storesSortedEntriesWithOneTimeAndAlignsTheWeights() throws IOException {
    Path jar = folder.resolve("model.jar");
    ArtifactWriter.write(SmallModels.tiny(), SmallModels.TIME, jar);
    List<String> names = new ArrayList<>();
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        names.add(entry.getName());
        assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
        assertThat(entry.getTimeLocal()).hasToString("2026-11-21T00:00");
      }
    }
    String directory = "META-INF/ptq4vm/models/com.acme.models/tiny-vim/w4a4/";
    assertThat(names)
        .containsExactly(
            "META-INF/MANIFEST.MF",
            "META-INF/LICENSE",
            "META-INF/ptq4vm/models.list",
            directory + "LICENSE.txt",
            directory + "MODEL_CARD.md",
            directory + "model.json",
            directory + "model.json.sha256",
            directory + "preprocess.json",
            directory + "serving.properties",
            directory + "synset.txt",
            directory + "weights.safetensors",
            "META-INF/sbom/com.acme.models-tiny-vim-1.2.0-w4a4.cdx.json");
    assertThat(dataOffset(Files.readAllBytes(jar), directory + "weights.safetensors") % 64)
        .isZero();
  }

  @Test
  void describesItselfToTheModuleSystem() throws IOException {
    assertThat(JarDescription.moduleName(new ModelId("com.3m.new", "a-b", "1", "w4a4")))
        .isEqualTo("com._3m._new.a_b.w4a4");
    String manifest =
        new String(
            JarDescription.manifest(SmallModels.tiny().description()), StandardCharsets.UTF_8);
    assertThat(manifest)
        .contains("Ptq4vm-Format: 1\r\n")
        .contains("Ptq4vm-Model: com.acme.models:tiny-vim:1.2.0\r\n")
        .contains("Ptq4vm-Variant: w4a4\r\n");
  }

  private static int dataOffset(byte[] jar, String name) {
    ByteBuffer bytes = ByteBuffer.wrap(jar).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (bytes.getInt(at) == 0x04034b50) {
      int nameLength = bytes.getShort(at + 26);
      int data = at + 30 + nameLength + bytes.getShort(at + 28);
      if (new String(jar, at + 30, nameLength, StandardCharsets.UTF_8).equals(name)) {
        return data;
      }
      at = data + bytes.getInt(at + 18);
    }
    throw new AssertionError("There is no entry " + name);
  }

  private static byte[] bytes(ArtifactContent content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ArtifactWriter.write(content, SmallModels.TIME, out);
    return out.toByteArray();
  }
}
