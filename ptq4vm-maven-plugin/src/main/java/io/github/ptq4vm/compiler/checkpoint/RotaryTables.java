package io.github.ptq4vm.compiler.checkpoint;

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

  private RotaryTables() {}

  /**
   * Both tables, by parameter: each of shape {@code [height * width, channels]}.
   *
   * @param channels a multiple of 4
   */
  static SortedMap<String, Tensor.Floats> of(int height, int width, int channels) {
    SortedMap<String, Tensor.Floats> tables = new TreeMap<>();
    tables.put(COS, table(height, width, channels, Math::cos));
    tables.put(SIN, table(height, width, channels, Math::sin));
    return tables;
  }

  private static Tensor.Floats table(
      int height, int width, int channels, DoubleUnaryOperator function) {
    int tokens = Math.multiplyExact(height, width);
    float[] data = new float[Math.multiplyExact(tokens, channels)];
    int half = channels / 2;
    for (int token = 0; token < tokens; token++) {
      for (int c = 0; c < channels; c++) {
        int coordinate = c < half ? token / width : token % width;
        double frequency = Math.pow(BASE, -2.0 * (c % half / 2) / half);
        data[token * channels + c] = (float) function.applyAsDouble(coordinate * frequency);
      }
    }
    return new Tensor.Floats(List.of(tokens, channels), data);
  }
}
