package io.github.ptq4vm.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Finds the images that lie beside the project and may not be copied into it. */
final class SharedImages {

  private SharedImages() {}

  /** The file, or a skipped test where there is none. */
  static Path require(String relative) {
    Path file =
        Stream.of(
                System.getProperty("ptq4vm.shared"),
                System.getenv("PTQ4VM_SHARED"),
                "../../shared",
                "../shared")
            .filter(Objects::nonNull)
            .map(root -> Path.of(root).resolve(relative))
            .filter(Files::exists)
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(file != null, () -> "shared/" + relative + " is not there");
    return file;
  }
}
