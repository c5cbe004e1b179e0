package io.github.ptq4vm.compiler.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Finds the data that lies beside the project and is not part of it. */
public final class SharedFiles {

  private SharedFiles() {}

  /** A file or folder below the shared folder; skips the test if there is none. */
  public static Path path(String relative) {
    Path path =
        Stream.of(
                System.getProperty("ptq4vm.shared"),
                System.getenv("PTQ4VM_SHARED"),
                "../../shared",
                "../shared")
            .filter(Objects::nonNull)
            .map(folder -> Path.of(folder, relative))
            .filter(Files::exists)
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(path != null, relative + " is not in a folder of shared data");
    return Objects.requireNonNull(path);
  }
}
