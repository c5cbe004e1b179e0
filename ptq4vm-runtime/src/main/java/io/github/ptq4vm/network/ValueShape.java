package io.github.ptq4vm.network;

/**
 * The shape of one named value for one image. Values are token-major: {@code tokens} rows of {@code
 * channels} floats.
 *
 * @param tokens number of rows; for a value on a pixel grid, its height times its width
 * @param channels number of floats a row
 */
public record ValueShape(int tokens, int channels) {

  /** Checks that both extents are positive and that a value of them can be addressed by an int. */
  public ValueShape {
    if (tokens <= 0 || channels <= 0 || (long) tokens * channels > Integer.MAX_VALUE) {
      throw new InvalidNetworkException(
          "A value of " + tokens + " tokens and " + channels + " channels is not possible.");
    }
  }

  /** Floats a value of this shape holds. */
  public int size() {
    return tokens * channels;
  }
}
