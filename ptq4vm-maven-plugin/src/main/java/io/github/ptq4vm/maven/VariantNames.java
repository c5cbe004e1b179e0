package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code w<bits>a<bits>}: the bits of weights and of activations. */
final class VariantNames {
  private static final Pattern NAME = Pattern.compile("w([2-8])a([2-8])");

  private VariantNames() {}

  /**
   * The variants of a list of names, in order; a name may itself be a comma-separated list.
   *
   * @throws CompileException if a name is not of that form or appears twice, or if there is none
   */
  static List<Variant> parse(List<String> names) {
    Map<String, Variant> variants = new LinkedHashMap<>();
    for (String list : names) {
      for (String part : list.split(",")) {
        String name = part.strip().toLowerCase(Locale.ROOT);
        Variant variant = variant(name);
        if (variants.put(name, variant) != null) {
          throw new CompileException("<variants> names " + name + " twice: remove one of them.");
        }
      }
    }
    if (variants.isEmpty()) {
      throw new CompileException("<variants> is empty: name at least one precision, e.g. w8a8.");
    }
    return List.copyOf(variants.values());
  }

  /** Whether a text names a precision. */
  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  private static Variant variant(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new CompileException(
          "<variants> holds \""
              + name
              + "\", which is no precision: write w<bits>a<bits> with 2 to 8 bits for weights and"
              + " for activations, e.g. w8a8 or w4a4.");
    }
    return new Variant(
        name, Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }
}
