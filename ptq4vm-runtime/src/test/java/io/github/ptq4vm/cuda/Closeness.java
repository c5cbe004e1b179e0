package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;

/** Compares single numbers, quickly: there are millions of them. */
final class Closeness {
  private Closeness() {}

  /**
   * Fails if a number is further from another than a bound, or is none.
   *
   * @param where what the failure is to say about the place
   */
  static void check(double found, double expected, double bound, Object... where) {
    if (!(Math.abs(found - expected) <= bound)) {
      fail(
          "Found %s, expected %s within %s: %s",
          found, expected, bound, Arrays.deepToString(where));
    }
  }
}
