package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImportOptions;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The families that can be imported, and which of them a state dict belongs to. */
final class Families {
  private static final List<Family> ALL =
      List.of(new VimFamily(), new VMambaFamily(), new LocalVimFamily(), new LocalVMambaFamily());

  private static final List<KeyLayout> LAYOUTS =
      ALL.stream().flatMap(family -> family.layouts().stream()).toList();

  private static final double RECOGNISED = 0.5;

  /** Layouts of two families that are this close need the user's word. */
  private static final double AMBIGUOUS = 0.05;

  private Families() {}

  /**
   * A family, and which of its layouts a state dict has.
   *
   * @param family the family
   * @param layout the layout that is closest to the keys
   */
  record Match(Family family, KeyLayout layout) {}

  /**
   * The family of a state dict.
   *
   * @param architecture {@link ImportOptions#AUTO}, or a family's name in upper or lower case
   * @throws CompileException if there is no such family, or the keys are of no family or of several
   */
  static Match match(Checkpoint checkpoint, String architecture) {
    Set<String> keys = checkpoint.tensors().keySet();
    String wanted = architecture.strip().toLowerCase(Locale.ROOT);
    if (wanted.equals(ImportOptions.AUTO)) {
      return detect(checkpoint, keys);
    }
    Family family =
        ALL.stream()
            .filter(candidate -> candidate.name().equals(wanted))
            .findFirst()
            .orElseThrow(
                () ->
                    new CompileException(
                        "The architecture \""
                            + architecture
                            + "\" is not known. Set architecture to "
                            + ImportOptions.AUTO
                            + " or one of: "
                            + names()
                            + "."));
    return new Match(family, KeyLayouts.closest(family.layouts(), keys));
  }

  /** The layout closest to a state dict's keys. */
  static KeyLayout closest(Collection<String> keys) {
    return KeyLayouts.closest(LAYOUTS, keys);
  }

  private static Match detect(Checkpoint checkpoint, Set<String> keys) {
    Set<String> patterns = KeyLayout.patternsOf(keys);
    List<Match> matches =
        ALL.stream()
            .map(family -> new Match(family, KeyLayouts.closest(family.layouts(), keys)))
            .sorted(
                Comparator.<Match>comparingDouble(match -> -match.layout().similarity(patterns)))
            .toList();
    Match best = matches.get(0);
    double similarity = best.layout().similarity(patterns);
    if (similarity < RECOGNISED) {
      throw new CompileException(
          "The checkpoint "
              + checkpoint.file()
              + " is of no family that is known: it has "
              + Names.counted(keys, "key")
              + ". The closest family is "
              + best.layout().title()
              + ". If it is one of them all the same, set architecture to its name to read what is"
              + " missing: "
              + names()
              + ".");
    }
    Match second = matches.get(1);
    if (similarity < 1 && second.layout().similarity(patterns) > similarity - AMBIGUOUS) {
      throw new CompileException(
          "The checkpoint "
              + checkpoint.file()
              + " has "
              + Names.counted(keys, "key")
              + ", which may be those of a "
              + best.layout().title()
              + " or of a "
              + second.layout().title()
              + ". Set architecture to "
              + best.family().name()
              + " or "
              + second.family().name()
              + ".");
    }
    return best;
  }

  /** The tensors that hold several parameters, of all families. */
  static Set<Slice> slices() {
    return ALL.stream()
        .flatMap(family -> family.slices().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Names of the families, for messages. */
  static String names() {
    return ALL.stream().map(Family::name).collect(Collectors.joining(", "));
  }
}
