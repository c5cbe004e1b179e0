package io.github.ptq4vm.compiler;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a file is, as facts in the order a reader wants them.
 *
 * @param facts name and value of each
 */
public record Inspection(List<Fact> facts) {

  /** Takes an immutable copy of the facts. */
  public Inspection {
    facts = List.copyOf(facts);
  }

  /**
   * A fact.
   *
   * @param name what it is about, e.g. {@code license}; a name may occur several times
   * @param value one line
   */
  public record Fact(String name, String value) {}

  /** The facts as lines, the values below each other where names are short. */
  public List<String> lines() {
    int width =
        facts.stream().mapToInt(fact -> fact.name().length()).filter(n -> n <= 24).max().orElse(0);
    return facts.stream()
        .map(
            fact ->
                String.format(
                    Locale.ROOT, "%-" + Math.max(1, width) + "s  %s", fact.name(), fact.value()))
        .toList();
  }

  /** Collects facts. */
  static final class Builder {
    private final List<Fact> facts = new ArrayList<>();

    Builder add(String name, Object value) {
      facts.add(new Fact(name, value.toString()));
      return this;
    }

    Inspection build() {
      return new Inspection(facts);
    }
  }
}
