package io.github.ptq4vm.benchmarks.gpu;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model to compare: {@code name@side}, or {@code name@sidexN} for one batch of N images.
 *
 * @param name of the filler model
 * @param side of the image in pixels
 * @param batch images of the one batch, or 0 for small batches of several sizes
 */
record ParityModel(String name, int side, int batch) {
  private static final Pattern TEXT = Pattern.compile("(\\w+)@(\\d{1,4})(?:x(\\d{1,4}))?");

  static ParityModel of(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no model to compare; write e.g. vim_tiny@64 or vim_tiny@64x256.");
    }
    return new ParityModel(
        matcher.group(1),
        Integer.parseInt(matcher.group(2)),
        matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3)));
  }

  @Override
  public String toString() {
    return name + "@" + side + (batch == 0 ? "" : "x" + batch);
  }
}
