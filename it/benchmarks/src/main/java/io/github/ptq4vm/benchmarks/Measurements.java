package io.github.ptq4vm.benchmarks;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** Measurements that are kept in a folder, so that a long comparison goes on where it stopped. */
final class Measurements {
  private final @Nullable Path folder;

  /**
   * Measurements.
   *
   * @param folder where they are kept, or null to keep none
   */
  Measurements(@Nullable Path folder) {
    this.folder = folder;
  }

  /** Measures. */
  @FunctionalInterface
  interface Source {
    /** Takes its time. */
    Measured measure() throws IOException;
  }

  /**
   * The measurement of a name: the kept one, or a new one, which is kept.
   *
   * @param name all that it depends on, the compiler's code excepted
   */
  Measured get(String name, Source source) throws IOException {
    if (folder == null) {
      return source.measure();
    }
    Path file = folder.resolve(name.replaceAll("[^\\w.-]+", "_") + ".properties");
    if (Files.exists(file)) {
      Properties properties = new Properties();
      try (Reader reader = Files.newBufferedReader(file)) {
        properties.load(reader);
      }
      return Measured.of(properties);
    }
    Measured measured = source.measure();
    Files.createDirectories(folder);
    Path part = folder.resolve("part");
    try (Writer writer = Files.newBufferedWriter(part)) {
      measured.properties().store(writer, name);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    return measured;
  }
}
