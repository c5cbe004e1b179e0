package io.github.ptq4vm.artifact;

import io.github.ptq4vm.artifact.StoredJarWriter.Content;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Writes a model as a jar; the same content and time always give the same bytes. */
public final class ArtifactWriter {

  private static final String SERVING_PROPERTIES =
      "engine=PTQ4VM\ntranslatorFactory=io.github.ptq4vm.djl.Ptq4vmTranslatorFactory\n";

  private ArtifactWriter() {}

  /**
   * Writes a jar. It appears at its path complete or not at all.
   *
   * @param content what to write
   * @param time time of every entry, from 1980 to 2099
   * @param jar where to; replaced if it is there, its directory is made if it is not
   * @return size and digest of the jar
   */
  public static FileDigest write(ArtifactContent content, Instant time, Path jar)
      throws IOException {
    Path target = jar.toAbsolutePath();
    Files.createDirectories(target.getParent());
    Path part = target.resolveSibling("." + target.getFileName() + ".part");
    try {
      MessageDigest sha256 = FileDigest.newSha256();
      try (OutputStream file = Files.newOutputStream(part);
          OutputStream out = new BufferedOutputStream(new DigestOutputStream(file, sha256))) {
        write(content, time, out);
      }
      FileDigest digest = new FileDigest(Files.size(part), FileDigest.hex(sha256.digest()));
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return digest;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Writes a jar's bytes; closes {@code out}. */
  static void write(ArtifactContent content, Instant time, OutputStream out) throws IOException {
    ModelDescription description = content.description();
    ModelId id = description.id();
    SortedMap<String, Content> files = files(content);
    SortedMap<String, FileDigest> digests = new TreeMap<>();
    for (Map.Entry<String, Content> file : files.entrySet()) {
      FileDigest digest = file.getValue().digest();
      requireReadable(file.getKey(), digest, content);
      digests.put(file.getKey(), digest);
    }
    Manifest manifest =
        new Manifest(
            ArtifactFormat.VERSION,
            ArtifactFormat.RUNTIME_VERSION,
            description,
            content.model().network(),
            digests);
    byte[] model = ManifestJson.write(manifest).getBytes(StandardCharsets.UTF_8);
    files.put(ArtifactFormat.MODEL, o -> o.write(model));
    files.put(
        ArtifactFormat.MODEL_DIGEST,
        Content.of(FileDigest.of(model).sha256() + "  " + ArtifactFormat.MODEL + "\n"));

    SortedMap<String, Content> entries = new TreeMap<>();
    files.forEach((name, file) -> entries.put(id.directory() + name, file));
    entries.put(ArtifactFormat.MODELS_LIST, Content.of(id + "\n"));
    entries.put("META-INF/LICENSE", Content.of(content.licenseText()));
    entries.put(
        "META-INF/sbom/" + id.toString().replace(':', '-') + ".cdx.json",
        Content.of(
            JarDescription.billOfMaterials(
                description, content.model().network().architecture(), digests, time)));
    byte[] jarManifest = JarDescription.manifest(description);
    String weights = id.directory() + ArtifactFormat.WEIGHTS;
    try (StoredJarWriter jar = new StoredJarWriter(out, time)) {
      // Tools expect the jar's manifest in front.
      jar.add("META-INF/MANIFEST.MF", o -> o.write(jarManifest));
      for (Map.Entry<String, Content> entry : entries.entrySet()) {
        if (entry.getKey().equals(weights)) {
          jar.addAligned(entry.getKey(), entry.getValue());
        } else {
          jar.add(entry.getKey(), entry.getValue());
        }
      }
    }
  }

  private static void requireReadable(String name, FileDigest digest, ArtifactContent content) {
    OptionalLong limit = FileLimits.of(name, content.model().network());
    if (limit.isPresent() && digest.size() > limit.getAsLong()) {
      throw new IllegalArgumentException(
          "The file "
              + name
              + " of the model "
              + content.description().id()
              + " would have "
              + digest.size()
              + " bytes, but nobody reads more than "
              + limit.getAsLong()
              + " of it. Make its content shorter.");
    }
  }

  private static SortedMap<String, Content> files(ArtifactContent content) {
    SortedMap<String, String> metadata = new TreeMap<>();
    metadata.put("format", "ptq4vm");
    metadata.put("packing", content.description().quantization().packing());
    SortedMap<String, Content> files = new TreeMap<>();
    files.put(
        ArtifactFormat.WEIGHTS,
        out -> SafetensorsWriter.write(content.model().parameters(), metadata, out));
    files.put(
        ArtifactFormat.PREPROCESSING, Content.of(PreprocessingJson.write(content.preprocessing())));
    if (!content.labels().isEmpty()) {
      files.put(ArtifactFormat.LABELS, Content.of(String.join("\n", content.labels()) + "\n"));
    }
    files.put(ArtifactFormat.LICENSE, Content.of(content.licenseText()));
    files.put(ArtifactFormat.MODEL_CARD, Content.of(content.modelCard()));
    files.put(ArtifactFormat.SERVING, Content.of(SERVING_PROPERTIES));
    return files;
  }
}
