package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import java.util.Arrays;
import java.util.Locale;

/** Checks values of parameters; messages name the XML element. */
final class Ranges {
  private Ranges() {}

  static int atLeast(int least, int value, String element) {
    if (value < least) {
      throw new CompileException(
          "<%s> is %d but must be at least %d.".formatted(element, value, least));
    }
    return value;
  }

  static double between(double least, double most, double value, String element) {
    if (!(value >= least && value <= most)) {
      throw new CompileException(
          String.format(
              Locale.ROOT,
              "<%s> is %s but must be between %s and %s.",
              element,
              value,
              least,
              most));
    }
    return value;
  }

  /** The constant of an enumeration that is named, in upper or lower case. */
  static <E extends Enum<E>> E oneOf(Class<E> type, String name, String element) {
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.name().equalsIgnoreCase(name.strip()))
        .findFirst()
        .orElseThrow(
            () ->
                new CompileException(
                    "<%s> is \"%s\" but must be one of %s."
                        .formatted(
                            element,
                            name,
                            Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT))));
  }
}
