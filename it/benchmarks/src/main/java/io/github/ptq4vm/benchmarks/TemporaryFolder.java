package io.github.ptq4vm.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder that goes away with everything in it. */
record TemporaryFolder(Path path) implements AutoCloseable {

  /** Makes a folder. */
  static TemporaryFolder create() throws IOException {
    return new TemporaryFolder(Files.createTempDirectory("ptq4vm-benchmark"));
  }

  @Override
  public void close() {
    try (Stream<Path> tree = Files.walk(path)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
