package io.github.ptq4vm.compiler;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of a network's input in pixels.
 *
 * @param height rows
 * @param width columns
 */
public record ImageSize(int height, int width) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(?:[xX](\\d{1,9}))?");
  private static final long MOST_PIXELS = 1L << 26;

  /**
   * Checks that the size is positive and has at most 2^26 pixels.
   *
   * @throws CompileException if it has not
   */
  public ImageSize {
    if (height < 1 || width < 1 || (long) height * width > MOST_PIXELS) {
      throw new CompileException(
          "The image size of %d x %d pixels is not possible: both sides must be at least 1, and the pixels at most %d."
              .formatted(height, width, MOST_PIXELS));
    }
  }

  /** A square. */
  public static ImageSize square(int side) {
    return new ImageSize(side, side);
  }

  /**
   * Reads {@code 224} (a square) or {@code 64x96} (height, then width).
   *
   * @param what the parameter, for messages
   * @throws CompileException if the text is neither, or the size is not possible
   */
  public static ImageSize parse(String text, String what) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new CompileException(
          "%s is \"%s\" but must be a side in pixels, such as 224, or a height and a width, such as 64x96."
              .formatted(what, text));
    }
    int height = Integer.parseInt(matcher.group(1));
    int width = matcher.group(2) == null ? height : Integer.parseInt(matcher.group(2));
    if (height < 1 || width < 1 || (long) height * width > MOST_PIXELS) {
      throw new CompileException(
          "%s is %s but both sides must be at least 1, and the pixels at most %d."
              .formatted(what, text.strip(), MOST_PIXELS));
    }
    return new ImageSize(height, width);
  }

  /** Whether height and width are equal. */
  public boolean isSquare() {
    return height == width;
  }

  /** The text {@link #parse} reads. */
  @Override
  public String toString() {
    return isSquare() ? Integer.toString(height) : height + "x" + width;
  }
}
