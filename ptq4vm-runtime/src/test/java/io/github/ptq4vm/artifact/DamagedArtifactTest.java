package io.github.ptq4vm.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.ModelNotFoundException;
import io.github.ptq4vm.Ptq4vmException;
import io.github.ptq4vm.UnsupportedModelException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DamagedArtifactTest {

  private static final String DIRECTORY = SmallModels.ID.directory();

  @TempDir Path folder;

  private Path jar;
  private byte[] sound;

  @BeforeEach
  void write() throws IOException {
    jar = folder.resolve("model.jar");
    ArtifactWriter.write(SmallModels.tiny(), SmallModels.TIME, jar);
    sound = Files.readAllBytes(jar);
  }

  /** A flip is found, or what was read writes the very bytes of the sound jar. */
  @ParameterizedTest
  @ValueSource(ints = {0x01, 0xFF})
  void findsOrSurvivesEveryFlippedByte(int flip) throws IOException {
    int found = 0;
    for (int position = 0; position < sound.length; position++) {
      byte[] damaged = sound.clone();
      damaged[position] ^= (byte) flip;
      Files.write(jar, damaged);
      try {
        assertThat(bytes(ModelLocator.read(jar).content())).isEqualTo(sound);
        assertThat(isModelData(position)).as("byte %s belongs to the model", position).isFalse();
      } catch (Ptq4vmException e) {
        assertThat(e.getMessage()).contains("model.jar").endsWith(".");
        found++;
      }
    }
    assertThat(found).isGreaterThan(modelBytes());
  }

  @Test
  void findsEveryTruncation() throws IOException {
    for (int length = 0; length < sound.length; length++) {
      Files.write(jar, Arrays.copyOf(sound, length));
      assertThatThrownBy(() -> ModelLocator.read(jar)).isInstanceOf(Ptq4vmException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.json",
        "model.json.sha256",
        "weights.safetensors",
        "synset.txt",
        "preprocess.json",
        "LICENSE.txt",
        "MODEL_CARD.md",
        "serving.properties"
      })
  void saysWhichFileIsMissing(String name) throws IOException {
    rewrite(
        entries -> {
          entries.remove(DIRECTORY + name);
          return entries;
        });
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining(DIRECTORY + name)
        .hasMessageContaining("missing");
  }

  @Test
  void suggestsWhatRewroteAFile() throws IOException {
    replace("synset.txt", text -> text.replace("class", "klass"));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("synset.txt")
        .hasMessageContaining("SHA-256")
        .hasMessageContaining("resource filtering");
  }

  @Test
  void readsNoFurtherThanTheManifestSays() throws IOException {
    replace("synset.txt", text -> text.repeat(100_000));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("is longer than");
  }

  @Test
  void checksAFileItDoesNotNeedWithoutTakingMemoryForIt() throws IOException {
    byte[] large = new byte[16 << 20];
    addFile("ballast.bin", large, FileDigest.of(large));
    assertThat(bytesAllocatedBy(() -> ModelLocator.read(jar))).isLessThan(large.length / 4);

    addFile("ballast.bin", large, new FileDigest(large.length, "0".repeat(64)));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("ballast.bin")
        .hasMessageContaining("SHA-256");

    addFile("ballast.bin", large, new FileDigest(large.length - 1, "0".repeat(64)));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("is longer than the 16777215 bytes");
  }

  @Test
  void refusesFilesThatAreLargerThanAnyoneNeeds() throws IOException {
    for (String name : new String[] {"synset.txt", "LICENSE.txt", "MODEL_CARD.md"}) {
      byte[] large = new byte[(16 << 20) + 1];
      addFile(name, large, FileDigest.of(large));
      assertThatThrownBy(() -> ModelLocator.read(jar))
          .isInstanceOf(CorruptModelException.class)
          .hasMessageContaining(name)
          .hasMessageContaining("16777217 bytes by model.json, more than the 16777216");
    }
  }

  @Test
  void refusesWeightsThatAreLargerThanTheNetworksParameters() throws IOException {
    byte[] large = new byte[2 << 20];
    addFile("weights.safetensors", large, FileDigest.of(large));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("weights.safetensors")
        .hasMessageContaining("2097152 bytes by model.json, more than the 10");
  }

  @Test
  void saysHowMuchMemoryAModelNeeds() throws IOException {
    long size = Integer.MAX_VALUE - 8;
    assumeTrue(Runtime.getRuntime().maxMemory() < 2 * size, "this JVM has a larger heap");
    addFile("weights.safetensors", new byte[1], new FileDigest(size, "0".repeat(64)));
    replaceModel(
        text ->
            text.replaceFirst(
                "(\"outFeatures\":)3,\"weight\":\"head", "$1700000000,\"weight\":\"head"));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isExactlyInstanceOf(Ptq4vmException.class)
        .hasMessageContaining("2147483639 bytes")
        .hasMessageContaining("larger -Xmx");
  }

  @Test
  void nobodyWritesWhatNobodyReads() {
    ArtifactContent tiny = SmallModels.tiny();
    ArtifactContent large =
        new ArtifactContent(
            tiny.description(),
            tiny.model(),
            tiny.preprocessing(),
            tiny.labels(),
            "-".repeat((16 << 20) + 1),
            tiny.modelCard());
    assertThatThrownBy(() -> bytes(large))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("LICENSE.txt")
        .hasMessageContaining("16777217 bytes");
  }

  private static long bytesAllocatedBy(Runnable task) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(thread);
    task.run();
    return threads.getThreadAllocatedBytes(thread) - before;
  }

  /** Adds a file to the sound jar, or replaces one, and says in the manifest what it should be. */
  private void addFile(String name, byte[] content, FileDigest claim) throws IOException {
    Files.write(jar, sound);
    rewrite(
        entries -> {
          entries.put(DIRECTORY + name, content);
          return entries;
        });
    String entry =
        "\"%s\": {\"size\":%d,\"sha256\":\"%s\"}".formatted(name, claim.size(), claim.sha256());
    replaceModel(
        text ->
            text.contains("\"" + name + "\": {")
                ? text.replaceFirst("\"" + name + "\": \\{[^}]*\\}", entry)
                : text.replaceFirst("\"files\": \\{", "\"files\": {" + entry + ","));
  }

  @Test
  void refusesNamesThatLeadOutOfTheJar() throws IOException {
    for (String name : new String[] {"../evil", "/evil", "a/../../evil", "a\\evil"}) {
      Files.write(jar, sound);
      rewrite(
          entries -> {
            entries.put(name, new byte[0]);
            return entries;
          });
      assertThatThrownBy(() -> ModelLocator.read(jar))
          .isInstanceOf(CorruptModelException.class)
          .hasMessageContaining("leads out of the jar");
    }
  }

  @Test
  void refusesAnEntryThatIsThereTwice() throws IOException {
    String name = DIRECTORY + "synset.txt";
    String twin = DIRECTORY + "synset.tyt";
    rewrite(
        entries -> {
          entries.put(twin, new byte[0]);
          return entries;
        });
    String text = Files.readString(jar, StandardCharsets.ISO_8859_1).replace(twin, name);
    Files.writeString(jar, text, StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775807", "2147483640", "99999999999999999999", "-1", "1.5"})
  void refusesSizesThatCannotBe(String size) throws IOException {
    replaceModel(text -> text.replaceFirst("(\"synset.txt\": \\{\"size\":)\\d+", "$1" + size));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("synset.txt");
  }

  @Test
  void refusesFileNamesWithPaths() throws IOException {
    replaceModel(text -> text.replace("\"synset.txt\"", "\"../synset.txt\""));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("plain file name");
  }

  @Test
  void namesTheRuntimeThatANewerFormatNeeds() throws IOException {
    replaceModel(
        text ->
            text.replace("\"formatVersion\": 1", "\"formatVersion\": 2")
                .replace("\"minRuntimeVersion\": \"0.1.0\"", "\"minRuntimeVersion\": \"7.3.0\""));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("format version 2")
        .hasMessageContaining("7.3.0");
  }

  @Test
  void refusesWeightsThatDoNotFitTheNetwork() throws IOException {
    replaceModel(text -> text.replace("\"head.w\"", "\"other.w\""));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("needs the tensor \"other.w\"");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesWeightsThatAreNotFinite(float value) throws IOException {
    ArtifactContent content = SmallModels.tiny();
    content.model().floats("head.b")[2] = value;
    ArtifactWriter.write(content, SmallModels.TIME, jar);
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("\"head.b\"")
        .hasMessageContaining("holds " + value + " at index 2");
  }

  @Test
  void refusesAModelInAnothersPlace() throws IOException {
    replaceModel(text -> text.replace("\"artifactId\":\"tiny-vim\"", "\"artifactId\":\"other\""));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("belongs to the model com.acme.models:other:1.2.0:w4a4");
  }

  @Test
  void saysWhatAFileIsNot() throws IOException {
    assertThatThrownBy(() -> ModelLocator.read(folder.resolve("absent.jar")))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("absent.jar");
    Files.writeString(jar, "no jar");
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("no sound jar");
    rewrite(entries -> new LinkedHashMap<>(Map.of("a.txt", new byte[1])));
    assertThatThrownBy(() -> ModelLocator.read(jar))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("holds 0 models");
  }

  @Test
  void readsAJarThatWasCompressedAgain() throws IOException {
    rewrite(UnaryOperator.identity());
    assertThat(bytes(ModelLocator.read(jar).content())).isEqualTo(sound);
  }

  private boolean isModelData(int position) throws IOException {
    return position >= firstModelByte()
        && Arrays.stream(dataRanges()).anyMatch(r -> position >= r[0] && position < r[1]);
  }

  private int firstModelByte() throws IOException {
    return Arrays.stream(dataRanges()).mapToInt(range -> range[0]).min().orElseThrow();
  }

  private int modelBytes() throws IOException {
    return Arrays.stream(dataRanges()).mapToInt(range -> range[1] - range[0]).sum();
  }

  private int[][] ranges;

  /** Where the data of the model's files lie in the sound jar. */
  private int[][] dataRanges() throws IOException {
    if (ranges == null) {
      Path copy = Files.write(folder.resolve("sound.jar"), sound);
      String text = new String(sound, StandardCharsets.ISO_8859_1);
      try (ZipFile zip = new ZipFile(copy.toFile())) {
        ranges =
            zip.stream()
                .filter(entry -> entry.getName().startsWith(DIRECTORY))
                .map(
                    entry -> {
                      int header = text.indexOf(entry.getName()) - 30;
                      int extra = sound[header + 28] + 256 * sound[header + 29];
                      int data = header + 30 + entry.getName().length() + extra;
                      return new int[] {data, data + (int) entry.getSize()};
                    })
                .toArray(int[][]::new);
      }
    }
    return ranges;
  }

  /** Changes model.json and its digest alike. */
  private void replaceModel(UnaryOperator<String> change) throws IOException {
    replace("model.json", change);
    byte[] model;
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      model = zip.getInputStream(zip.getEntry(DIRECTORY + "model.json")).readAllBytes();
    }
    replace("model.json.sha256", text -> FileDigest.of(model).sha256() + "  model.json\n");
  }

  private void replace(String name, UnaryOperator<String> change) throws IOException {
    rewrite(
        entries -> {
          String text = new String(entries.get(DIRECTORY + name), StandardCharsets.UTF_8);
          String changed = change.apply(text);
          assertThat(changed).isNotEqualTo(text);
          entries.put(DIRECTORY + name, changed.getBytes(StandardCharsets.UTF_8));
          return entries;
        });
  }

  private void rewrite(UnaryOperator<Map<String, byte[]>> change) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Path source = Files.write(folder.resolve("source.jar"), jarBytes());
    try (ZipFile zip = new ZipFile(source.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : change.apply(entries).entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    }
  }

  private byte[] jarBytes() throws IOException {
    byte[] now = Files.readAllBytes(jar);
    return now.length > 22 ? now : sound;
  }

  private static byte[] bytes(ArtifactContent content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ArtifactWriter.write(content, SmallModels.TIME, out);
    return out.toByteArray();
  }
}
