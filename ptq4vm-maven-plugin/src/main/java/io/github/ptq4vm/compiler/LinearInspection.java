package io.github.ptq4vm.compiler;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says what linears a network has, kind by kind. */
final class LinearInspection {
  private LinearInspection() {}

  /** How many there are and with how many weights, then a line for each kind. */
  static void add(Network network, Inspection.Builder facts) {
    List<Operation.Linear> linears = network.quantizableLinears();
    long weights = linears.stream().mapToLong(l -> (long) l.inFeatures() * l.outFeatures()).sum();
    facts.add("linears", linears.size() + " quantizable, with " + weights + " weights");
    byKind(linears).forEach((kind, lines) -> facts.add("linear." + kind, String.join("; ", lines)));
  }

  private static Map<String, List<String>> byKind(List<Operation.Linear> linears) {
    Map<String, Map<String, Integer>> counts = new LinkedHashMap<>();
    for (Operation.Linear linear : linears) {
      String line =
          "["
              + linear.outFeatures()
              + ", "
              + linear.inFeatures()
              + "] "
              + words(linear.precision());
      counts
          .computeIfAbsent(linear.kind(), kind -> new LinkedHashMap<>())
          .merge(line, 1, Integer::sum);
    }
    Map<String, List<String>> lines = new LinkedHashMap<>();
    counts.forEach(
        (kind, byLine) -> {
          List<String> list = new ArrayList<>();
          byLine.forEach((line, count) -> list.add(count + " x " + line));
          lines.put(kind, list);
        });
    return lines;
  }

  private static String words(@Nullable Precision precision) {
    if (precision == null) {
      return "float32";
    }
    return "W"
        + precision.weightBits()
        + "A"
        + precision.activationBits()
        + ", "
        + precision.scale().name().toLowerCase(Locale.ROOT).replace('_', ' ')
        + (precision.rotation() == Rotation.NONE ? "" : ", rotated");
  }
}
