package io.github.ptq4vm.compiler.checkpoint;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The key names of a kind of model. In the templates, {@code {s}} stands for a stage, {@code {b}}
 * for a block of it; in a template with {@code {s}} alone, which is what lies behind a stage, the
 * last stage is left out. {@code {l}} stands for a layer where there are no stages.
 *
 * @param family the family's name, as users write it
 * @param title what a message calls models with this layout
 * @param templates templates of the keys every model has
 * @param optional keys a model may have besides
 */
record KeyLayout(String family, String title, Set<String> templates, Set<String> optional) {
  private static final Pattern NUMBER = Pattern.compile("(?<=^|[._])(?:\\d+|\\{[slb]\\})(?=\\.|$)");
  private static final Comparator<String> BY_NUMBER =
      Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder());

  private static final Pattern BLOCK =
      Pattern.compile("layers\\.(\\d+)\\.(?:blocks\\.(\\d+)\\.)?.*");

  /** Takes immutable copies of the sets. */
  KeyLayout {
    templates = Set.copyOf(templates);
    optional = Set.copyOf(optional);
  }

  /** The patterns of keys or templates: every number replaced by {@code #}. */
  static Set<String> patternsOf(Collection<String> keys) {
    return keys.stream().map(KeyLayout::patternOf).collect(Collectors.toCollection(TreeSet::new));
  }

  /** The pattern of a key. */
  static String patternOf(String key) {
    return NUMBER.matcher(key).replaceAll("#");
  }

  /** Patterns shared with those of a state dict, as a share of all that occur in either: 0 to 1. */
  double similarity(Set<String> given) {
    Set<String> patterns = patternsOf(templates);
    long shared = patterns.stream().filter(given::contains).count();
    long accepted = patternsOf(optional).stream().filter(given::contains).count();
    return (double) (shared + accepted) / (patterns.size() + given.size() - shared);
  }

  /**
   * Number of layers, or of blocks in each stage, of a state dict: how many different numbers its
   * keys have there, at least 1. No more than there are keys.
   */
  List<Integer> depths(Collection<String> keys) {
    SortedMap<String, SortedSet<String>> found = blocks(keys);
    return found.isEmpty()
        ? List.of(1)
        : IntStream.range(0, found.size())
            .mapToObj(s -> found.get(Integer.toString(s)))
            .map(blocks -> blocks == null ? 1 : blocks.size())
            .toList();
  }

  /** Which layers, or blocks of which stages, a state dict has tensors of, for messages. */
  String describedBlocks(Collection<String> keys) {
    SortedMap<String, SortedSet<String>> found = blocks(keys);
    if (found.isEmpty()) {
      return "no layer";
    }
    if (!isStaged()) {
      return "the layers " + described(found.get("0"));
    }
    return found.entrySet().stream()
        .map(stage -> "the blocks " + described(stage.getValue()) + " of stage " + stage.getKey())
        .collect(Collectors.joining(", "));
  }

  private static String described(SortedSet<String> numbers) {
    int last = numbers.size() - 1;
    boolean all = IntStream.range(0, last).allMatch(i -> numbers.contains(Integer.toString(i)));
    return all && last > 0 && numbers.last().equals(Integer.toString(last))
        ? "0 to " + last
        : String.join(", ", numbers);
  }

  private boolean isStaged() {
    return templates.stream().anyMatch(template -> template.contains("{s}"));
  }

  /** The numbers of layers, as those of stage 0, or of the blocks of each stage. */
  private SortedMap<String, SortedSet<String>> blocks(Collection<String> keys) {
    boolean staged = isStaged();
    SortedMap<String, SortedSet<String>> found = new TreeMap<>(BY_NUMBER);
    for (String key : keys) {
      Matcher matcher = BLOCK.matcher(key);
      if (matcher.matches() && (!staged || matcher.group(2) != null)) {
        String stage = staged ? matcher.group(1) : "0";
        found
            .computeIfAbsent(stage, s -> new TreeSet<>(BY_NUMBER))
            .add(matcher.group(staged ? 2 : 1));
      }
    }
    return found;
  }

  /** The keys a state dict must have, its depth as {@link #depths}. */
  SortedSet<String> keys(Collection<String> present) {
    List<Integer> depths = depths(present);
    SortedSet<String> keys = new TreeSet<>();
    for (String template : templates) {
      boolean stage = template.contains("{s}");
      boolean block = template.contains("{b}");
      if (template.contains("{l}")) {
        for (int l = 0; l < depths.get(0); l++) {
          keys.add(template.replace("{l}", Integer.toString(l)));
        }
      } else if (stage) {
        int stages = block ? depths.size() : depths.size() - 1;
        for (int s = 0; s < stages; s++) {
          String key = template.replace("{s}", Integer.toString(s));
          for (int b = 0; b < (block ? depths.get(s) : 1); b++) {
            keys.add(key.replace("{b}", Integer.toString(b)));
          }
        }
      } else {
        keys.add(template);
      }
    }
    return keys;
  }
}
