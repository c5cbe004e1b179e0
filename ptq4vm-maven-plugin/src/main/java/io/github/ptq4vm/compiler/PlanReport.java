package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.quantize.QuantizationPlan.Ingredients;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Rotation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Says what a search for a plan found, in a build's log and in the artifact. */
final class PlanReport {
  private PlanReport() {}

  /** Lines for the log: the error budget by kind, and what was picked. */
  static List<String> lines(String variant, PlanSearch.Found found) {
    List<String> lines = new ArrayList<>();
    lines.add(
        variant
            + ": SQNR in dB of held-out logits with one kind of linear quantized alone: inputs by"
            + " themselves, and with the weights:");
    found
        .inputNoise()
        .forEach(
            (kind, noise) ->
                lines.add(
                    String.format(
                        Locale.ROOT,
                        "  %-9s %s -> %s, with weights %.1f",
                        kind,
                        noise.entrySet().stream()
                            .map(
                                entry ->
                                    String.format(
                                        Locale.ROOT,
                                        "%s %.1f",
                                        words(entry.getKey()),
                                        decibels(entry.getValue())))
                            .collect(Collectors.joining(", ")),
                        words(found.plan().of(kind)),
                        decibels(found.noise().get(kind)))));
    return lines;
  }

  /** For the artifact's recipe: what each kind got. */
  static SortedMap<String, String> recipe(PlanSearch.Found found) {
    SortedMap<String, String> recipe = new TreeMap<>();
    found
        .noise()
        .keySet()
        .forEach(kind -> recipe.put("plan " + kind, words(found.plan().of(kind))));
    return recipe;
  }

  /** For the artifact's metrics: the budget with what each kind got. */
  static SortedMap<String, Double> metrics(PlanSearch.Found found) {
    SortedMap<String, Double> metrics = new TreeMap<>();
    found.noise().forEach((kind, noise) -> metrics.put("sqnr_db_only_" + kind, decibels(noise)));
    return metrics;
  }

  private static String words(Ingredients choice) {
    List<String> words = new ArrayList<>();
    if (choice.rotation() == Rotation.HADAMARD) {
      words.add("rotated");
    }
    if (choice.scale() == ActivationScale.DYNAMIC_PER_TOKEN) {
      words.add("dynamic");
    }
    return words.isEmpty() ? "plain" : String.join("+", words);
  }

  /** Between -300 and 200; logits that are not finite are noise alone. */
  private static double decibels(double noise) {
    return Double.isFinite(noise) ? -10 * Math.log10(Math.min(Math.max(noise, 1e-20), 1e30)) : -300;
  }
}
