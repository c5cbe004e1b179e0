package io.github.ptq4vm.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A resource of comma separated lines; lines that begin with # are comments. */
final class Table {
  private Table() {}

  /** Reads a table whose lines have a number of cells. */
  static List<String[]> read(String file, int columns) {
    try (InputStream stream = Table.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IllegalStateException("The resource " + file + " is missing: build again.");
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
      return reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> cells(file, line, columns))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String[] cells(String file, String line, int columns) {
    String[] cells = line.split(",");
    if (cells.length != columns) {
      throw new IllegalStateException(
          file + " has a line of " + cells.length + " cells instead of " + columns + ": " + line);
    }
    return cells;
  }
}
