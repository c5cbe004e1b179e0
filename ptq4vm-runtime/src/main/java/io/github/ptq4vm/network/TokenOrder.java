package io.github.ptq4vm.network;

import java.util.Arrays;

/**
 * The order in which a scan visits tokens: sequence index to position, or -1 for a zero token that
 * takes part in the recurrence but belongs to no position. Vim's two directions, VMamba's four and
 * LocalMamba's padded windows are all values of this type.
 */
public final class TokenOrder {
  private final int tokens;
  private final int[] positions;

  private TokenOrder(int tokens, int[] positions) {
    this.tokens = tokens;
    this.positions = positions;
  }

  /**
   * An order over {@code tokens} positions.
   *
   * @param positions position of each sequence index, or -1; every position must occur exactly once
   */
  public static TokenOrder of(int tokens, int... positions) {
    boolean[] seen = new boolean[tokens];
    int visited = 0;
    for (int i = 0; i < positions.length; i++) {
      int position = positions[i];
      if (position < -1 || position >= tokens || (position >= 0 && seen[position])) {
        throw new InvalidNetworkException(
            "Sequence index "
                + i
                + " of a token order names position "
                + position
                + ", which is out of range for "
                + tokens
                + " tokens or named twice.");
      }
      if (position >= 0) {
        seen[position] = true;
        visited++;
      }
    }
    if (visited != tokens) {
      throw new InvalidNetworkException(
          "A token order visits " + visited + " of " + tokens + " tokens; it must visit all.");
    }
    return new TokenOrder(tokens, positions.clone());
  }

  /** Last token first. */
  public static TokenOrder reversed(int tokens) {
    int[] positions = new int[tokens];
    Arrays.setAll(positions, i -> tokens - 1 - i);
    return new TokenOrder(tokens, positions);
  }

  /**
   * The order over one token more, which is at a position of its own and is visited at the sequence
   * index of the same number: a class token among tokens that are reordered around it.
   */
  public TokenOrder withToken(int position) {
    int[] with = new int[positions.length + 1];
    for (int i = 0; i < with.length; i++) {
      int old = i < position ? positions[i] : i > position ? positions[i - 1] : 0;
      with[i] = i == position ? position : old < position ? old : old + 1;
    }
    return of(tokens + 1, with);
  }

  /** Whether tokens are visited as they lie. */
  public boolean isIdentity() {
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] != i) {
        return false;
      }
    }
    return positions.length == tokens;
  }

  /** Number of positions the order is over. */
  public int tokens() {
    return tokens;
  }

  /** Length of the sequence: the positions and the zero tokens. */
  public int length() {
    return positions.length;
  }

  /** Position at a sequence index, or -1. */
  public int position(int index) {
    return positions[index];
  }

  /** A copy of the position of each sequence index. */
  public int[] positions() {
    return positions.clone();
  }

  /** Sequence index of each position. */
  public int[] indices() {
    int[] indices = new int[tokens];
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] >= 0) {
        indices[positions[i]] = i;
      }
    }
    return indices;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenOrder that
        && tokens == that.tokens
        && Arrays.equals(positions, that.positions);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(positions);
  }

  @Override
  public String toString() {
    return "TokenOrder" + Arrays.toString(positions);
  }
}
