package io.github.ptq4vm.benchmarks.gpu;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Widths of codes.
 *
 * @param weights bits of a weight
 * @param activations bits of an input
 */
public record Bits(int weights, int activations) {
  private static final Pattern NAME = Pattern.compile("w([2-8])a([2-8])");

  /** Reads {@code w<bits>a<bits>}. */
  public static Bits of(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\"" + name + "\" is no variant; write w<bits>a<bits> with 2 to 8 bits, e.g. w4a8.");
    }
    return new Bits(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  @Override
  public String toString() {
    return "w" + weights + "a" + activations;
  }
}
