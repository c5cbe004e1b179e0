package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.ScanDirection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Scan directions that were searched for each block. Checkpoints do not say them: those of the
 * released models are in the resource {@code scan-directions.properties}, others come from the user
 * in the same form: blocks separated by {@code ;}, directions of a block by {@code ,}. Source: spec
 * architectures.md 4.3 and 4.4.
 */
final class DirectionTables {
  private static final String RESOURCE = "scan-directions.properties";

  /** A larger window makes sequences that are padding for the most part. */
  private static final int LARGEST_WINDOW = 64;

  private static final SortedMap<String, String> KNOWN = load();

  private DirectionTables() {}

  /**
   * The directions of each block.
   *
   * @param given what the user asks for: directions, or the name of a table; null for the default
   * @param released name of the table that models of this size have, or null if there is none
   * @param blocks number of blocks
   * @param each directions of a block
   * @param what the model, for messages, e.g. {@code the checkpoint x.pth, a LocalVim-T}
   * @throws CompileException if there is neither, or it does not fit
   */
  static List<List<ScanDirection>> resolve(
      @Nullable String given, @Nullable String released, int blocks, int each, String what) {
    String chosen = given == null ? released : given;
    if (chosen == null) {
      throw new CompileException(
          "The tensors of "
              + what
              + ", do not say in which directions its blocks scan, and no released model"
              + " has this size. Set scanDirections to the directions of its "
              + blocks
              + " blocks, such as h,v_flip,w2,w7;h_flip,v,w2_flip,v_flip (blocks separated by"
              + " semicolons, or one block for all), or to one of the tables "
              + names()
              + ".");
    }
    String text = KNOWN.getOrDefault(chosen.strip().toLowerCase(Locale.ROOT), chosen);
    List<List<ScanDirection>> table =
        Arrays.stream(text.replaceFirst(";\\s*$", "").split(";", -1))
            .map(block -> block(block, each, what))
            .toList();
    if (table.size() == 1) {
      return Collections.nCopies(blocks, table.get(0));
    }
    if (table.size() != blocks) {
      throw new CompileException(
          "scanDirections has "
              + table.size()
              + " blocks, but "
              + what
              + ", has "
              + blocks
              + ". Give as many blocks as it has, or one for all.");
    }
    return table;
  }

  /** Names of the tables, for messages. */
  static String names() {
    return String.join(", ", KNOWN.keySet());
  }

  private static List<ScanDirection> block(String block, int each, String what) {
    List<ScanDirection> directions =
        Arrays.stream(block.split(",", -1)).map(DirectionTables::direction).toList();
    if (directions.size() != each) {
      throw new CompileException(
          "scanDirections has the block \""
              + block.strip()
              + "\" with "
              + directions.size()
              + (directions.size() == 1 ? " direction" : " directions")
              + "; blocks of "
              + what
              + ", have "
              + each
              + ". Directions are separated by commas, blocks by semicolons.");
    }
    return directions;
  }

  private static ScanDirection direction(String name) {
    ScanDirection direction;
    try {
      direction = ScanDirection.parse(name.strip());
    } catch (InvalidNetworkException e) {
      throw new CompileException(
          "scanDirections cannot be read: "
              + e.getMessage()
              + " Tables of them are called "
              + names()
              + ".",
          e);
    }
    if (direction.window() > LARGEST_WINDOW) {
      throw new CompileException(
          "scanDirections has the direction \""
              + name.strip()
              + "\"; windows have a side of at most "
              + LARGEST_WINDOW
              + ".");
    }
    return direction;
  }

  private static SortedMap<String, String> load() {
    Properties properties = new Properties();
    try (InputStream in = DirectionTables.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("The resource " + RESOURCE + " is missing.");
      }
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SortedMap<String, String> tables = new TreeMap<>();
    properties.stringPropertyNames().forEach(n -> tables.put(n, properties.getProperty(n)));
    return tables;
  }
}
