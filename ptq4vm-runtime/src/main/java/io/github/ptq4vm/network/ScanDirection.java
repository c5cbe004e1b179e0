package io.github.ptq4vm.network;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A way to walk a grid of tokens, as its authors write it: {@code h} row by row, {@code v} column
 * by column, {@code w7} window by window of 7 x 7, and each with {@code _flip} backwards. Source:
 * spec architectures.md 3.4 and 4.3.
 *
 * @param path how the walk goes
 * @param window side of a window; 0 where there are none
 * @param flipped whether the walk is taken backwards
 */
public record ScanDirection(Path path, int window, boolean flipped) {
  private static final Pattern NAME = Pattern.compile("(h|v|w([1-9]\\d{0,3}))(_flip)?");

  /** Row by row. */
  public static final ScanDirection ROWS = new ScanDirection(Path.ROWS, 0, false);

  /** Column by column. */
  public static final ScanDirection COLUMNS = new ScanDirection(Path.COLUMNS, 0, false);

  /** How a walk goes, forwards. */
  public enum Path {
    /** Row by row, from left to right. */
    ROWS,
    /** Column by column, from top to bottom. */
    COLUMNS,
    /**
     * Square windows row by row, and in each its tokens row by row. The grid is padded at the
     * bottom and on the right with zero tokens to whole windows.
     */
    WINDOWS
  }

  /**
   * The direction of a name.
   *
   * @throws InvalidNetworkException if it is none
   */
  public static ScanDirection parse(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new InvalidNetworkException(
          "\""
              + name
              + "\" is no scan direction. There are h (rows), v (columns), w2, w7 and so on"
              + " (windows of that side), and each of them with _flip (backwards).");
    }
    boolean flipped = matcher.group(3) != null;
    return switch (matcher.group(1).charAt(0)) {
      case 'h' -> new ScanDirection(Path.ROWS, 0, flipped);
      case 'v' -> new ScanDirection(Path.COLUMNS, 0, flipped);
      default -> new ScanDirection(Path.WINDOWS, Integer.parseInt(matcher.group(2)), flipped);
    };
  }

  /** The same walk backwards. */
  public ScanDirection reversed() {
    return new ScanDirection(path, window, !flipped);
  }

  /** The order in which tokens of a grid, held row-major, are visited. */
  public TokenOrder order(int height, int width) {
    int[] positions =
        switch (path) {
          case ROWS -> rows(height, width);
          case COLUMNS -> columns(height, width);
          case WINDOWS -> windows(height, width);
        };
    if (flipped) {
      for (int i = 0, j = positions.length - 1; i < j; i++, j--) {
        int swap = positions[i];
        positions[i] = positions[j];
        positions[j] = swap;
      }
    }
    return TokenOrder.of(height * width, positions);
  }

  private static int[] rows(int height, int width) {
    int[] positions = new int[height * width];
    Arrays.setAll(positions, i -> i);
    return positions;
  }

  private static int[] columns(int height, int width) {
    int[] positions = new int[height * width];
    Arrays.setAll(positions, i -> i % height * width + i / height);
    return positions;
  }

  private int[] windows(int height, int width) {
    int down = (height + window - 1) / window;
    int across = (width + window - 1) / window;
    int area = Math.multiplyExact(window, window);
    int[] positions = new int[Math.multiplyExact(Math.multiplyExact(down, across), area)];
    Arrays.setAll(
        positions,
        i -> {
          int row = i / area / across * window + i % area / window;
          int column = i / area % across * window + i % window;
          return row < height && column < width ? row * width + column : -1;
        });
    return positions;
  }

  /** The name of the direction. */
  @Override
  public String toString() {
    String name = path == Path.ROWS ? "h" : path == Path.COLUMNS ? "v" : "w" + window;
    return flipped ? name + "_flip" : name;
  }
}
