package io.github.ptq4vm.compiler.checkpoint;

import java.util.Collection;
import java.util.stream.Collectors;

/** Lists of names in messages. */
final class Names {
  private static final int MOST = 10;

  private Names() {}

  /** E.g. {@code 3 keys (a, b, c)}; names the first ten. */
  static String counted(Collection<String> names, String unit) {
    if (names.isEmpty()) {
      return "none";
    }
    String listed = names.stream().limit(MOST).collect(Collectors.joining(", "));
    int more = names.size() - MOST;
    return names.size()
        + " "
        + unit
        + (names.size() == 1 ? "" : "s")
        + " ("
        + listed
        + (more > 0 ? " and " + more + " more" : "")
        + ")";
  }
}
