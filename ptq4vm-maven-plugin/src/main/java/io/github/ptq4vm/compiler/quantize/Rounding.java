package io.github.ptq4vm.compiler.quantize;

import java.util.List;

/**
 * How weights are rounded together.
 *
 * @param moves shares of the way to the best weight for quantized inputs that are tried, {@link
 *     HessianRounding}
 * @param descent whether codes and steps are improved afterwards, {@link CodeDescent}
 */
public record Rounding(List<Double> moves, boolean descent) {
  private static final List<Double> STAY = List.of(0.0);
  private static final List<Double> MOVE = List.of(0.0, 0.25, 0.5);

  /**
   * Rounding with or without its refinements.
   *
   * @param move whether weights may move before they are rounded
   * @param descent whether codes and steps are improved afterwards
   */
  public static Rounding of(boolean move, boolean descent) {
    return new Rounding(move ? MOVE : STAY, descent);
  }
}
