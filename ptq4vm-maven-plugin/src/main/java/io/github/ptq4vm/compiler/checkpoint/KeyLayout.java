package io.github.ptq4vm.compiler.checkpoint;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The key names by which a kind of model is recognised: keys with every number replaced by {@code
 * #}, so that depth does not matter.
 *
 * @param family the family's name, as users write it
 * @param title what a message calls models with this layout
 * @param patterns patterns of all keys
 */
record KeyLayout(String family, String title, Set<String> patterns) {
  private static final Pattern NUMBER = Pattern.compile("(?<=^|[._])\\d+(?=\\.|$)");

  /** Takes an immutable copy of the patterns. */
  KeyLayout {
    patterns = Set.copyOf(patterns);
  }

  /** The patterns of a state dict's keys. */
  static Set<String> patternsOf(Collection<String> keys) {
    return keys.stream()
        .map(key -> NUMBER.matcher(key).replaceAll("#"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Patterns shared with those of a state dict, as a share of all that occur in either: 0 to 1. */
  double similarity(Set<String> given) {
    long shared = patterns.stream().filter(given::contains).count();
    return (double) shared / (patterns.size() + given.size() - shared);
  }
}
