package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.Ptq4vmException;
import io.github.ptq4vm.UnsupportedModelException;
import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.network.Model;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a model's files. The digest file vouches for {@code model.json}, which vouches for every
 * other file; nothing is parsed before its digest was checked. Files whose content is not needed
 * are checked too, without taking memory for them.
 */
final class ArtifactReader {

  /** What to do about a damaged file. */
  static final String ADVICE =
      "Check that no resource filtering of a build rewrites files under META-INF/ptq4vm, that"
          + " shading keeps them as they are, or download the jar again.";

  private static final Pattern DIGEST_LINE = Pattern.compile("([0-9a-f]{64})  model\\.json\n");
  private static final int MAX_DIGEST_BYTES = 1024;
  private static final int MAX_MODEL_BYTES = 64 << 20;

  private final ModelFiles files;
  private final String directory;

  private ArtifactReader(ModelFiles files, String directory) {
    this.files = files;
    this.directory = directory;
  }

  /**
   * Reads a model.
   *
   * @param directory directory of its files, ending with a slash
   * @throws CorruptModelException if a file is missing, damaged or contradicts another
   * @throws UnsupportedModelException if it needs a newer runtime
   * @throws Ptq4vmException if it needs more memory than this JVM has
   */
  static Artifact read(ModelFiles files, String directory) {
    return new ArtifactReader(files, directory).read();
  }

  private Artifact read() {
    Manifest manifest = readManifest();
    Map<String, byte[]> contents = new HashMap<>();
    for (Map.Entry<String, FileDigest> file : manifest.files().entrySet()) {
      String name = file.getKey();
      OptionalLong limit = FileLimits.of(name, manifest.network());
      if (limit.isPresent()) {
        contents.put(name, readVerified(name, file.getValue(), limit.getAsLong()));
      } else {
        verify(name, files.digest(directory + name, file.getValue().size()), file.getValue());
      }
    }
    Preprocessing preprocessing =
        PreprocessingJson.read(
            required(contents, ArtifactFormat.PREPROCESSING),
            describe(ArtifactFormat.PREPROCESSING),
            manifest.minRuntimeVersion());
    Model model =
        WeightsReader.read(
            manifest.network(),
            required(contents, ArtifactFormat.WEIGHTS),
            files.describe(directory + ArtifactFormat.WEIGHTS));
    try {
      return new Artifact(
          manifest,
          new ArtifactContent(
              manifest.description(),
              model,
              preprocessing,
              labels(contents),
              text(contents, ArtifactFormat.LICENSE),
              text(contents, ArtifactFormat.MODEL_CARD)));
    } catch (IllegalArgumentException e) {
      throw new CorruptModelException(
          "The files in " + files.describe(directory) + " do not fit together. " + e.getMessage(),
          e);
    }
  }

  private Manifest readManifest() {
    byte[] digestFile = files.read(directory + ArtifactFormat.MODEL_DIGEST, MAX_DIGEST_BYTES);
    Matcher line = DIGEST_LINE.matcher(new String(digestFile, StandardCharsets.ISO_8859_1));
    if (!line.matches()) {
      throw new CorruptModelException(
          describe(ArtifactFormat.MODEL_DIGEST)
              + " should hold one line with the SHA-256 of model.json, as sha256sum writes it. "
              + ADVICE);
    }
    byte[] model = files.read(directory + ArtifactFormat.MODEL, MAX_MODEL_BYTES);
    verify(ArtifactFormat.MODEL, FileDigest.of(model), new FileDigest(model.length, line.group(1)));
    Manifest manifest = ManifestJson.read(model, describe(ArtifactFormat.MODEL));
    if (!manifest.id().directory().equals(directory)) {
      throw new CorruptModelException(
          describe(ArtifactFormat.MODEL)
              + " belongs to the model "
              + manifest.id()
              + ", whose place is "
              + manifest.id().directory()
              + ". Do not move or rename files of a model; get its jar again.");
    }
    return manifest;
  }

  private byte[] readVerified(String name, FileDigest expected, long limit) {
    if (expected.size() > limit) {
      throw new CorruptModelException(
          describe(name)
              + " should have "
              + expected.size()
              + " bytes by model.json, more than the "
              + limit
              + " that this runtime reads of this file of this model. Get the jar again from where"
              + " it came from.");
    }
    requireMemory(name, expected.size());
    byte[] bytes = files.read(directory + name, (int) expected.size());
    verify(name, FileDigest.of(bytes), expected);
    return bytes;
  }

  /** What is read is held twice for a moment: as a file and as what it says. */
  private void requireMemory(String name, long size) {
    long heap = Runtime.getRuntime().maxMemory();
    if (2 * size > heap) {
      throw new Ptq4vmException(
          describe(name)
              + " has "
              + size
              + " bytes, and loading it takes twice as many, but the heap of this JVM has at most "
              + heap
              + ". Start Java with a larger -Xmx.");
    }
  }

  private void verify(String name, FileDigest actual, FileDigest expected) {
    if (!actual.equals(expected)) {
      throw new CorruptModelException(
          describe(name)
              + " has "
              + actual.size()
              + " bytes and SHA-256 "
              + actual.sha256()
              + " but should have "
              + expected.size()
              + " bytes and "
              + expected.sha256()
              + ". "
              + ADVICE);
    }
  }

  private byte[] required(Map<String, byte[]> contents, String name) {
    byte[] bytes = contents.get(name);
    if (bytes == null) {
      throw new CorruptModelException(
          describe(ArtifactFormat.MODEL)
              + " does not list the file \""
              + name
              + "\". Get the jar again from where it came from.");
    }
    return bytes;
  }

  private String text(Map<String, byte[]> contents, String name) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(required(contents, name)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new CorruptModelException(describe(name) + " is not valid UTF-8. " + ADVICE, e);
    }
  }

  private List<String> labels(Map<String, byte[]> contents) {
    if (!contents.containsKey(ArtifactFormat.LABELS)) {
      return List.of();
    }
    return Arrays.asList(text(contents, ArtifactFormat.LABELS).split("\n"));
  }

  private String describe(String name) {
    return files.describe(directory + name);
  }
}
