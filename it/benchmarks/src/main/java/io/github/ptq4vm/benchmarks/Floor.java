package io.github.ptq4vm.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What {@code auto} must reach at least: a closed-form recipe measured elsewhere. */
final class Floor {
  private final Map<List<String>, Bound> bounds = new HashMap<>();

  /**
   * A bound.
   *
   * @param kl the largest divergence, infinite where none is known
   * @param sqnr the least signal to noise, decibels
   */
  record Bound(double kl, double sqnr) {}

  private Floor() {}

  /** Reads the figures. */
  static Floor load() {
    Floor floor = new Floor();
    for (String[] cells : Table.read("floor.csv", 4)) {
      floor.bounds.put(
          List.of(cells[0], cells[1]),
          new Bound(Double.parseDouble(cells[2]), Double.parseDouble(cells[3])));
    }
    return floor;
  }

  /** The bound of a variant. */
  Bound get(Sample sample, String variant) {
    Bound bound = bounds.get(List.of(sample.id(), variant));
    if (bound == null) {
      throw new IllegalArgumentException(
          "There is no floor for " + variant + " of " + sample.id() + ".");
    }
    return bound;
  }
}
