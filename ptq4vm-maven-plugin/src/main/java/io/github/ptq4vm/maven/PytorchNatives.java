package io.github.ptq4vm.maven;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.repository.LocalRepositoryManager;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch's native library for a platform, and the glue to it: which artifacts they are, and
 * whether they are there. Downloads, unpacks and loads nothing.
 *
 * @param platform as {@link Platform} names it
 */
record PytorchNatives(String platform) {
  private static final String GROUP = "ai.djl.pytorch";

  /** The artifacts, the glue first. */
  List<Artifact> artifacts() {
    BuildFacts facts = BuildFacts.load();
    return List.of(
        new DefaultArtifact(GROUP, "pytorch-jni", "jar", facts.pytorchJni()),
        new DefaultArtifact(GROUP, "pytorch-native-cpu", platform, "jar", facts.pytorchNative()));
  }

  /** Those of the artifacts that a local repository does not hold. */
  List<Artifact> missing(LocalRepositoryManager local) {
    Path base = local.getRepository().getBasedir().toPath();
    return artifacts().stream()
        .filter(
            artifact -> !Files.isRegularFile(base.resolve(local.getPathForLocalArtifact(artifact))))
        .toList();
  }

  /**
   * The folder into which the library was unpacked when it was first used.
   *
   * @param environment variables by name
   * @param home the user's home folder
   */
  Optional<Path> unpacked(Map<String, String> environment, Path home) {
    Path folder = cache(environment, home).resolve("pytorch");
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    String version = BuildFacts.load().pytorchNative() + "-";
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(child -> child.getFileName().toString().startsWith(version))
          .filter(child -> child.getFileName().toString().endsWith(platform))
          .sorted()
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException("The folder " + folder + " cannot be listed.", e);
    }
  }

  private static Path cache(Map<String, String> environment, Path home) {
    for (String name : List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR")) {
      @Nullable String value = environment.get(name);
      if (value != null && !value.isEmpty()) {
        return Path.of(value);
      }
    }
    return home.resolve(".djl.ai");
  }
}
