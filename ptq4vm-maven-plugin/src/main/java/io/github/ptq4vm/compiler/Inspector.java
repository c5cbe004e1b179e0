package io.github.ptq4vm.compiler;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.Ptq4vmException;
import io.github.ptq4vm.artifact.Artifact;
import io.github.ptq4vm.artifact.ModelId;
import io.github.ptq4vm.artifact.ModelLocator;
import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Says what a checkpoint or a model's jar is. Needs no PyTorch: of a checkpoint, names and shapes
 * of tensors say what it is; of a jar every digest is checked as an application checks it.
 */
public final class Inspector {
  private Inspector() {}

  /**
   * What the tensors of a checkpoint cannot say.
   *
   * @param weights which state dict, as in {@link CompileRequest}
   * @param architecture {@link ImportOptions#AUTO}, or a family's name
   * @param imageSize size of the network's input, or null for the likeliest
   * @param stride distance of patches in pixels, or null for what the token count implies
   * @param scanDirections as in {@link ImportOptions}
   */
  public record Options(
      String weights,
      String architecture,
      @Nullable ImageSize imageSize,
      @Nullable Integer stride,
      @Nullable String scanDirections) {}

  /**
   * Inspects a file.
   *
   * @param sha256 digest the file must have, in hexadecimal, or null to check none
   * @throws CompileException if the file is neither checkpoint nor model, is damaged, or has
   *     another digest
   */
  public static Inspection inspect(Path file, @Nullable String sha256, Options options) {
    String digest = Checkpoints.sha256(file);
    String compared = compared(file, digest, sha256);
    List<ModelId> models = models(file);
    Inspection.Builder facts = new Inspection.Builder();
    facts.add("file", file);
    facts.add(
        "kind",
        switch (models.size()) {
          case 0 -> "checkpoint";
          case 1 -> "model";
          default -> models.size() + " models in one jar";
        });
    facts.add("size", bytes(file) + " bytes");
    facts.add("sha256", digest + compared);
    if (models.isEmpty()) {
      try (Checkpoint checkpoint = Checkpoints.open(file, options.weights())) {
        CheckpointInspection.add(checkpoint, options, facts);
      }
    } else {
      addModels(file, models, facts);
    }
    return facts.build();
  }

  private static String compared(Path file, String actual, @Nullable String expected) {
    if (expected == null) {
      return " (computed; there is nothing to compare it with)";
    }
    if (!expected.strip().toLowerCase(Locale.ROOT).equals(actual)) {
      throw new CompileException(
          "The file %s has the SHA-256 %s, but %s is expected: it is another file than the one meant, or damaged. Get it again, or correct the digest."
              .formatted(file, actual, expected.strip()));
    }
    return " (the one that is expected)";
  }

  /** The models a jar lists; none for a file that is no jar, which may yet be a checkpoint. */
  private static List<ModelId> models(Path file) {
    boolean jar = file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".jar");
    List<ModelId> models;
    try {
      models = ModelLocator.list(file);
    } catch (CorruptModelException e) {
      if (!jar) {
        return List.of();
      }
      throw new CompileException(e.getMessage(), e);
    }
    if (models.isEmpty() && jar) {
      throw new CompileException(
          "The jar %s holds no model: it has no list of models in META-INF/ptq4vm. A project's own jar holds none; the models are beside it, with their precision as classifier, e.g. w8a8."
              .formatted(file));
    }
    return models;
  }

  private static void addModels(Path jar, List<ModelId> models, Inspection.Builder facts) {
    try {
      if (models.size() == 1) {
        ArtifactInspection.add(ModelLocator.read(jar), facts);
        return;
      }
      try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
        for (ModelId id : models) {
          Artifact artifact =
              ModelLocator.read(id.groupId(), id.artifactId(), id.variant(), List.of(loader));
          ArtifactInspection.add(artifact, facts);
        }
      }
    } catch (Ptq4vmException e) {
      throw new CompileException(e.getMessage(), e);
    } catch (IOException e) {
      throw unreadable(jar, e);
    }
  }

  private static long bytes(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static CompileException unreadable(Path file, IOException cause) {
    return new CompileException("The file " + file + " cannot be read: " + cause + ".", cause);
  }
}
