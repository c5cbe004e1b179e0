package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder of checkpoints and images that lies beside the project and is not part of it. */
final class SharedFolder {
  private SharedFolder() {}

  /** The folder: the system property, the environment variable, or a folder beside the project. */
  static Optional<Path> find() {
    return Stream.of(
            System.getProperty("ptq4vm.shared"),
            System.getenv("PTQ4VM_SHARED"),
            "../shared",
            "../../shared",
            "../../../shared")
        .filter(Objects::nonNull)
        .map(folder -> Path.of(folder).toAbsolutePath().normalize())
        .filter(folder -> Files.isDirectory(folder.resolve("models")))
        .findFirst();
  }

  /**
   * The folder.
   *
   * @throws CompileException if there is none
   */
  static Path require() {
    return find()
        .orElseThrow(
            () ->
                new CompileException(
                    "The folder \"shared\" with the sample checkpoints and images was not found"
                        + " beside the project. Set the environment variable PTQ4VM_SHARED to it."));
  }
}
