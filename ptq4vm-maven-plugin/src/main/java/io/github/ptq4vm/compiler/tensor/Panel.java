package io.github.ptq4vm.compiler.tensor;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of small matrices of doubles with large ones, for factorizations: every sum is one of
 * fused products in order of its terms, whatever the registers' width.
 */
public final class Panel {
  private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /** Rows that are read together: two registers of each stay in the cache for all targets. */
  private static final int TERMS = 256;

  private static final int TARGETS = 4;

  private Panel() {}

  /**
   * A matrix in an array.
   *
   * @param data holds it
   * @param from where its first element is
   * @param stride from one row to the next
   */
  public record View(double[] data, int from, int stride) {
    private int at(int row, int column) {
      return from + row * stride + column;
    }
  }

  /**
   * {@code target[t][g] -= sum over j of factors[t][j] * rows[j][g]}.
   *
   * @param targets rows of the target and the factors
   * @param terms columns of the factors, rows of the rows
   * @param width columns of the target and the rows
   */
  public static void subtract(
      View target, View factors, View rows, int targets, int terms, int width) {
    for (int first = 0; first < terms; first += TERMS) {
      int last = Math.min(terms, first + TERMS);
      int g = 0;
      for (; g + 2 * LANES <= width; g += 2 * LANES) {
        int t = 0;
        for (; t + TARGETS <= targets; t += TARGETS) {
          four(target, factors, rows, t, g, first, last);
        }
        for (; t < targets; t++) {
          one(target, factors, rows, t, g, first, last);
        }
      }
      for (int t = 0; t < targets && g < width; t++) {
        rest(target, factors, rows, t, g, width, first, last);
      }
    }
  }

  private static void four(
      View target, View factors, View rows, int t, int g, int first, int last) {
    double[] to = target.data;
    int to0 = target.at(t, g);
    int to1 = to0 + target.stride;
    int to2 = to1 + target.stride;
    int to3 = to2 + target.stride;
    DoubleVector a0 = load(to, to0);
    DoubleVector b0 = load(to, to0 + LANES);
    DoubleVector a1 = load(to, to1);
    DoubleVector b1 = load(to, to1 + LANES);
    DoubleVector a2 = load(to, to2);
    DoubleVector b2 = load(to, to2 + LANES);
    DoubleVector a3 = load(to, to3);
    DoubleVector b3 = load(to, to3 + LANES);
    int at = factors.at(t, 0);
    for (int j = first; j < last; j++) {
      int row = rows.at(j, g);
      DoubleVector a = load(rows.data, row);
      DoubleVector b = load(rows.data, row + LANES);
      DoubleVector f = factor(factors, at + j);
      a0 = f.fma(a, a0);
      b0 = f.fma(b, b0);
      f = factor(factors, at + j + factors.stride);
      a1 = f.fma(a, a1);
      b1 = f.fma(b, b1);
      f = factor(factors, at + j + 2 * factors.stride);
      a2 = f.fma(a, a2);
      b2 = f.fma(b, b2);
      f = factor(factors, at + j + 3 * factors.stride);
      a3 = f.fma(a, a3);
      b3 = f.fma(b, b3);
    }
    a0.intoArray(to, to0);
    b0.intoArray(to, to0 + LANES);
    a1.intoArray(to, to1);
    b1.intoArray(to, to1 + LANES);
    a2.intoArray(to, to2);
    b2.intoArray(to, to2 + LANES);
    a3.intoArray(to, to3);
    b3.intoArray(to, to3 + LANES);
  }

  private static void one(View target, View factors, View rows, int t, int g, int first, int last) {
    int to = target.at(t, g);
    DoubleVector a = load(target.data, to);
    DoubleVector b = load(target.data, to + LANES);
    int at = factors.at(t, 0);
    for (int j = first; j < last; j++) {
      int row = rows.at(j, g);
      DoubleVector f = factor(factors, at + j);
      a = f.fma(load(rows.data, row), a);
      b = f.fma(load(rows.data, row + LANES), b);
    }
    a.intoArray(target.data, to);
    b.intoArray(target.data, to + LANES);
  }

  private static void rest(
      View target, View factors, View rows, int t, int g, int width, int first, int last) {
    int at = factors.at(t, 0);
    for (int c = g; c < width; c++) {
      double sum = target.data[target.at(t, c)];
      for (int j = first; j < last; j++) {
        sum = Math.fma(-factors.data[at + j], rows.data[rows.at(j, c)], sum);
      }
      target.data[target.at(t, c)] = sum;
    }
  }

  private static DoubleVector load(double[] data, int at) {
    return DoubleVector.fromArray(SPECIES, data, at);
  }

  private static DoubleVector factor(View factors, int at) {
    return DoubleVector.broadcast(SPECIES, -factors.data[at]);
  }
}
