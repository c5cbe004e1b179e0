package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;

/**
 * The rotary positions of a grid: the first half of the channels turns with the row, the second
 * with the column, pairs of channels by frequencies of a geometric series. Source: spec
 * architectures.md 4.3.
 */
final class RotaryTables {
  static final String COS = "rope.freqs_cos";
  static final String SIN = "rope.freqs_sin";

  private static final double BASE = 10_000;
  private static final double TOLERANCE = 1e-5;

  private RotaryTables() {}

  /**
   * Both tables of a grid that was trained, by parameter: each of shape {@code [height * width,
   * channels]}. Coordinates are indices.
   *
   * @param channels a multiple of 4
   * @throws CompileException if it is none
   */
  static SortedMap<String, Tensor.Floats> of(int height, int width, int channels) {
    return tables(height, width, 1, 1, channels);
  }

  /**
   * Both tables of another grid than the trained one: its coordinates are stretched to those of the
   * trained one, as positions are.
   *
   * @param trained side of the grid that was trained
   * @param channels a multiple of 4
   * @throws CompileException if it is none
   */
  static SortedMap<String, Tensor.Floats> stretched(
      int height, int width, int trained, int channels) {
    return tables(height, width, (double) trained / height, (double) trained / width, channels);
  }

  private static SortedMap<String, Tensor.Floats> tables(
      int height, int width, double row, double column, int channels) {
    if (channels % 4 != 0) {
      throw new CompileException(
          "Rotary positions need a width that is a multiple of 4, for pairs of channels of rows and"
              + " of columns, but it is "
              + channels
              + ". Check that the checkpoint is the one meant.");
    }
    SortedMap<String, Tensor.Floats> tables = new TreeMap<>();
    tables.put(COS, table(height, width, row, column, channels, StrictMath::cos));
    tables.put(SIN, table(height, width, row, column, channels, StrictMath::sin));
    return tables;
  }

  /**
   * Checks that stored numbers are those computed for the trained grid, so that other grids may be
   * computed too.
   *
   * @throws CompileException if one differs
   */
  static void requireComputed(String name, float[] stored, Tensor.Floats computed) {
    for (int i = 0; i < stored.length; i++) {
      if (!(Math.abs(stored[i] - computed.data()[i]) <= TOLERANCE)) {
        throw new CompileException(
            "The tensor \""
                + name
                + "\" of the checkpoint holds "
                + stored[i]
                + " at index "
                + i
                + ", where rotary positions of this family have "
                + computed.data()[i]
                + ", so that it is not known what another grid has. Set imageSize to what the model"
                + " was trained with.");
      }
    }
  }

  private static Tensor.Floats table(
      int height,
      int width,
      double row,
      double column,
      int channels,
      DoubleUnaryOperator function) {
    int tokens = Math.multiplyExact(height, width);
    float[] data = new float[Math.multiplyExact(tokens, channels)];
    int half = channels / 2;
    for (int token = 0; token < tokens; token++) {
      for (int c = 0; c < channels; c++) {
        double coordinate = c < half ? token / width * row : token % width * column;
        double frequency = StrictMath.pow(BASE, -2.0 * (c % half / 2) / half);
        data[token * channels + c] = (float) function.applyAsDouble(coordinate * frequency);
      }
    }
    return new Tensor.Floats(List.of(tokens, channels), data);
  }
}
