package io.github.ptq4vm.benchmarks.gpu;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Puts the runtime's times beside its peer's and beside the floor, as Markdown. */
public final class Summary {
  private static final String RUNTIME = "ptq4vm";

  private Summary() {}

  /**
   * Prints the table.
   *
   * @param files of JSON objects, one a line, of {@link Speed} and of {@code peer.py}
   */
  public static void main(String[] files) throws IOException {
    List<JsonObject> rows = new ArrayList<>();
    for (String file : files) {
      for (String line : Files.readAllLines(Path.of(file), StandardCharsets.UTF_8)) {
        if (line.startsWith("{")) {
          rows.add(JsonParser.parseString(line).getAsJsonObject());
        }
      }
    }
    PrintWriter out =
        new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true);
    out.println(table(rows));
    out.print(kernels(rows));
    out.flush();
  }

  /** One row for each of the runtime's; empty cells where the peer has nothing to compare. */
  static String table(List<JsonObject> rows) {
    StringBuilder table =
        new StringBuilder(
            "| model | recipe | variant | batch | ms | images/s | H200 floor ms | floor / ms |"
                + " PyTorch eager ms | eager / ms | PyTorch graph ms | graph / ms |\n"
                + "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (JsonObject row : rows) {
      if (row.get("peer").getAsString().equals(RUNTIME)) {
        double ms = number(row, "ms_median");
        double floor = number(row, "ms_h200_floor");
        table.append(
            String.format(
                Locale.ROOT,
                "%s | %.3f | %.0f | %.4f | %.2f |%s%s%n",
                title(row),
                ms,
                number(row, "images_per_s"),
                floor,
                floor / ms,
                beside(rows, row, "eager", ms),
                beside(rows, row, "graph", ms)));
      }
    }
    return table.toString();
  }

  /** Time by kernel of the largest batch of each of the runtime's models. */
  static String kernels(List<JsonObject> rows) {
    StringBuilder table =
        new StringBuilder(
            "| model | recipe | variant | batch | kernel | launches | ms | share % |\n"
                + "|---|---|---|---|---|---|---|---|\n");
    for (JsonObject row : rows) {
      if (row.has("kernels") && isLargestBatch(row, rows)) {
        double all = 0;
        for (JsonElement kernel : row.getAsJsonArray("kernels")) {
          all += number(kernel.getAsJsonObject(), "ms");
        }
        for (JsonElement kernel : row.getAsJsonArray("kernels")) {
          double ms = number(kernel.getAsJsonObject(), "ms");
          table.append(
              String.format(
                  Locale.ROOT,
                  "%s | %s | %d | %.4f | %.1f |%n",
                  title(row),
                  kernel.getAsJsonObject().get("kernel").getAsString(),
                  kernel.getAsJsonObject().get("launches").getAsInt(),
                  ms,
                  100 * ms / all));
        }
      }
    }
    return table.toString();
  }

  private static boolean isLargestBatch(JsonObject row, List<JsonObject> rows) {
    return rows.stream()
        .filter(other -> other.has("kernels"))
        .filter(
            other ->
                List.of("model", "recipe", "variant").stream()
                    .allMatch(name -> other.get(name).equals(row.get(name))))
        .allMatch(other -> other.get("batch").getAsInt() <= row.get("batch").getAsInt());
  }

  private static String title(JsonObject row) {
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %d",
        row.get("model").getAsString(),
        row.get("recipe").getAsString(),
        row.get("variant").getAsString(),
        row.get("batch").getAsInt());
  }

  private static String beside(List<JsonObject> rows, JsonObject row, String mode, double ms) {
    Optional<JsonObject> peer =
        rows.stream()
            .filter(other -> other.has("mode") && other.get("mode").getAsString().equals(mode))
            .filter(other -> other.get("model").equals(row.get("model")))
            .filter(other -> other.get("batch").getAsInt() == row.get("batch").getAsInt())
            .findFirst();
    return peer.map(
            other ->
                String.format(
                    Locale.ROOT,
                    " %.3f | %.1f |",
                    number(other, "ms_median"),
                    number(other, "ms_median") / ms))
        .orElse(" | |");
  }

  private static double number(JsonObject row, String name) {
    return row.get(name).getAsDouble();
  }
}
