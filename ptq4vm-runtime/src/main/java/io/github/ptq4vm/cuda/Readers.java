package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who reads which value of a network. */
final class Readers {
  private final Map<String, List<Operation>> readers = new HashMap<>();
  private final Map<String, Operation.Channels> ranges = new HashMap<>();
  private final Set<String> precise = new HashSet<>();
  private final Set<String> wanted;

  /**
   * Looks through a network.
   *
   * @param wanted values that are read from outside, the logits among them
   */
  Readers(Network network, Set<String> wanted) {
    this.wanted = wanted;
    for (Operation operation : network.operations()) {
      for (String input : operation.inputs()) {
        readers.computeIfAbsent(input, name -> new ArrayList<>()).add(operation);
      }
      if (operation instanceof Operation.Channels channels) {
        ranges.put(channels.output(), channels);
      }
    }
    Map<String, String> projections = new HashMap<>();
    for (Operation operation : network.operations()) {
      if (operation instanceof Operation.Linear linear && linear.precision() != null) {
        projections.put(linear.output(), linear.input());
      } else if (operation instanceof Operation.SelectiveScan scan) {
        precise.add(whole(scan.b()));
        precise.add(whole(scan.c()));
        if (projections.containsKey(scan.dt())) {
          precise.add(whole(projections.get(scan.dt())));
        }
      }
    }
  }

  private String whole(String value) {
    Operation.Channels range = ranges.get(value);
    return range == null ? value : whole(range.input());
  }

  /** How often a value is read. */
  int count(String value) {
    return readers.getOrDefault(value, List.of()).size() + (wanted.contains(value) ? 1 : 0);
  }

  /** Whether a value is read from outside. */
  boolean isWanted(String value) {
    return wanted.contains(value);
  }

  /** The one operation that reads a value, and reads it once; null if there are more or others. */
  @Nullable Operation only(String value) {
    return count(value) == 1 && !wanted.contains(value) ? readers.get(value).get(0) : null;
  }

  /**
   * Whether a value is small and matters: B, C and low-rank step sizes of a scan, and what they are
   * channels of, are stored in single precision.
   */
  boolean isPrecise(String value) {
    return precise.contains(value);
  }
}
