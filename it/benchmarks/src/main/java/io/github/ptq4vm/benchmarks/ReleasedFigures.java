package io.github.ptq4vm.benchmarks;

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
    for (String[] cells : Table.read(FILE, COLUMNS)) {
      released.figures.put(
          List.of(cells[0], cells[1], cells[2]),
          new Accuracy(
              Double.parseDouble(cells[3]),
              Double.parseDouble(cells[4]),
              Double.parseDouble(cells[5]),
              Double.parseDouble(cells[6])));
    }
    return released;
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
