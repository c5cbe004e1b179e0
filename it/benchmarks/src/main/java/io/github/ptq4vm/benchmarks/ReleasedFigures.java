package io.github.ptq4vm.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the released code's own recipe gives on the samples, from their model cards. */
final class ReleasedFigures {
  private static final String FILE = "released.csv";
  private static final int COLUMNS = 7;

  private final Map<List<String>, Accuracy> figures = new HashMap<>();

  private ReleasedFigures() {}

  /** Reads the figures. */
  static ReleasedFigures load() {
    ReleasedFigures released = new ReleasedFigures();
    try (InputStream stream = ReleasedFigures.class.getResourceAsStream(FILE)) {
      if (stream == null) {
        throw new IllegalStateException("The resource " + FILE + " is missing: build again.");
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
      reader.lines().filter(line -> !line.startsWith("#")).forEach(released::add);
      return released;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(String line) {
    String[] cells = line.split(",");
    if (cells.length != COLUMNS) {
      throw new IllegalStateException(
          FILE + " has a line of " + cells.length + " cells instead of " + COLUMNS + ": " + line);
    }
    figures.put(
        List.of(cells[0], cells[1], cells[2]),
        new Accuracy(
            Double.parseDouble(cells[3]),
            Double.parseDouble(cells[4]),
            Double.parseDouble(cells[5]),
            Double.parseDouble(cells[6])));
  }

  /** Top-1 of the float model, percent. */
  double floatTop1(Sample sample) {
    return get(sample, "fp32", false).top1();
  }

  /**
   * Figures of a variant.
   *
   * @param learned with learning or without
   */
  Accuracy get(Sample sample, String variant, boolean learned) {
    Accuracy accuracy = figures.get(List.of(sample.id(), variant, learned ? "yes" : "no"));
    if (accuracy == null) {
      throw new IllegalArgumentException(
          "The model card of "
              + sample.id()
              + " has no "
              + variant
              + (learned ? " with learning." : " without learning."));
    }
    return accuracy;
  }
}
