package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where the time of an image goes on one thread, and how far from the machine's peak that is. */
final class OperationsPart {
  private static final int SIDE = 224;
  private static final int WARM_UPS = 20;

  /** Float instructions a polynomial exponential takes: range, five multiply-adds, exponent. */
  private static final int EXPONENTIAL = 10;

  private final PrintWriter out;
  private final int runs;
  private boolean described;

  /**
   * A part.
   *
   * @param runs images of a table
   */
  OperationsPart(PrintWriter out, int runs) {
    this.out = out;
    this.runs = runs;
  }

  /** Prints tables of a model: one for each kind of kernels and each network. */
  void print(String model, List<String> kernels, List<String> recipes, List<String> variants) {
    out.printf("%n## Operations of %s, one image on one thread%n", model);
    for (Contender contender : LatencyPart.lineup(kernels, recipes, variants)) {
      if (contender.peer() != null) {
        continue;
      }
      String title =
          String.join(" ", contender.kernels(), contender.recipe(), contender.variant()).strip();
      try (Rival rival =
          Rival.start(contender.kernels(), Contender.java(contender.kernels(), List.of()))) {
        rival.ask(Ask.open(contender, new Load(model, SIDE, 1, 1)));
        rival.ask(Ask.run(WARM_UPS));
        JsonObject profile = Ask.plain("profile");
        profile.addProperty("runs", runs);
        JsonObject answer = rival.ask(profile);
        table(title, answer, peak());
      } catch (Refusal refusal) {
        out.printf("%n### %s%n%n%s%n", title, refusal.getMessage());
      }
      out.flush();
    }
  }

  /** Measured anew for each table: a machine that is shared or hot is slower for both. */
  private Peak peak() {
    try (Rival rival = Rival.start("peak", Contender.java(Contender.CHOSEN, List.of()))) {
      Peak peak = Peak.of(rival.ask(Ask.plain("peak")));
      if (!described) {
        described = true;
        out.printf(
            Locale.ROOT,
            "%nOne core at best, by small loops in the same run (this is the first of several): %.1f"
                + " G multiply-adds/s in float32 (vectors of %d),%na copy in the second cache moves"
                + " %.1f GB/s, one in memory %.1f GB/s.%n%n"
                + "*arithmetic*: products, float instructions, and %d for each exponential, counted"
                + " by docs/gpu-costs.md, as a share of%nwhat that core could do in the time;"
                + " integer instructions can exceed 100 %%. *copy*: bytes of inputs, weights and%n"
                + "output in float32, each once, as a share of what a copy in the cache would"
                + " move. Both count what the formula needs,%nnot what a kernel does.%n",
            peak.multiplyAdds() / 1e9,
            peak.lanes(),
            peak.cached() / 1e9,
            peak.memory() / 1e9,
            EXPONENTIAL);
      }
      return peak;
    }
  }

  private void table(String title, JsonObject answer, Peak peak) {
    List<JsonObject> rows = new ArrayList<>();
    JsonArray operations = answer.getAsJsonArray("operations");
    for (JsonElement row : operations) {
      rows.add(row.getAsJsonObject());
    }
    rows.sort(Comparator.comparingDouble(OperationsPart::nanos).reversed());
    double all = rows.stream().mapToDouble(OperationsPart::nanos).sum();
    out.printf(Locale.ROOT, "%n### %s: %.2f ms%n%n", title, all / 1e6);
    out.println(
        "| operation | number | ms | share % | M products | M float | M exp | MB | arithmetic % of"
            + " peak | copy % of peak |");
    out.println("|---|---|---|---|---|---|---|---|---|---|");
    for (JsonObject row : rows) {
      if (nanos(row) == 0) {
        continue;
      }
      double seconds = nanos(row) / 1e9;
      double work =
          number(row, "products")
              + number(row, "floats")
              + EXPONENTIAL * number(row, "exponentials");
      out.printf(
          Locale.ROOT,
          "| %s | %.0f | %.3f | %.1f | %.2f | %.2f | %.2f | %.2f | %.0f | %.0f |%n",
          row.get("kind").getAsString(),
          number(row, "operations"),
          nanos(row) / 1e6,
          100 * nanos(row) / all,
          number(row, "products") / 1e6,
          number(row, "floats") / 1e6,
          number(row, "exponentials") / 1e6,
          number(row, "bytes") / 1e6,
          100 * work / seconds / peak.multiplyAdds(),
          100 * number(row, "bytes") / seconds / peak.cached());
    }
    out.printf(
        "%nNothing is left to do for: %s.%n",
        rows.stream()
            .filter(row -> nanos(row) == 0)
            .map(row -> row.get("kind").getAsString())
            .collect(Collectors.joining(", ")));
    out.printf(
        "%nThe same run as sampled, by class: what quantizes inputs is apart from products.%n%n%s",
        answer.get("classes").getAsString());
  }

  private static double nanos(JsonObject row) {
    return number(row, "nanos");
  }

  private static double number(JsonObject row, String name) {
    return row.get(name).getAsDouble();
  }
}
