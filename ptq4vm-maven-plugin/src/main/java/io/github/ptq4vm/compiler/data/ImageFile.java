package io.github.ptq4vm.compiler.data;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.PrimitiveIterator;

/**
 * An image file of a data set.
 *
 * @param path where it lies
 * @param name its path relative to the data set, with {@code /} between parts on every platform
 * @param label number of its class folder, or 0 where there are no class folders
 */
public record ImageFile(Path path, String name, int label) {

  /** Orders strings by code point, as Python does; {@code String.compareTo} orders UTF-16 units. */
  static final Comparator<String> BY_CODE_POINT = ImageFile::compareCodePoints;

  /** The last part of the name. */
  public String fileName() {
    return name.substring(name.lastIndexOf('/') + 1);
  }

  /** The name without its last part: empty for a file that lies in the data set's own folder. */
  public String folder() {
    return name.substring(0, Math.max(0, name.lastIndexOf('/')));
  }

  private static int compareCodePoints(String a, String b) {
    PrimitiveIterator.OfInt left = a.codePoints().iterator();
    PrimitiveIterator.OfInt right = b.codePoints().iterator();
    while (left.hasNext() && right.hasNext()) {
      int order = Integer.compare(left.nextInt(), right.nextInt());
      if (order != 0) {
        return order;
      }
    }
    return Boolean.compare(left.hasNext(), right.hasNext());
  }
}
