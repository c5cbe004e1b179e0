package io.github.ptq4vm.benchmarks.cpu;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How the cost of Vim-Ti grows with tokens, batch and threads. */
final class ScalingPart {
  private static final String MODEL = "vim_tiny";
  private static final String RECIPE = "ptq4vm";
  private static final int SIDE = 224;
  private static final int PATCH = 16;

  private final Turns.Patience patience;
  private final PrintWriter out;
  private final Map<String, List<LogLogPlot.Point>> byTokens = new LinkedHashMap<>();
  private final Map<String, List<LogLogPlot.Point>> byBatch = new LinkedHashMap<>();

  ScalingPart(Turns.Patience patience, PrintWriter out) {
    this.patience = patience;
    this.out = out;
  }

  /** Prints the table; without peers, so there is nothing to take turns with. */
  void print(
      List<String> kernels, List<String> variants, int[] threads, int[] sides, int[] batches) {
    out.printf(
        Locale.ROOT,
        "%n## Cost of %s, %s, against work%n%nMedians of up to %d runs or %.1f seconds.%n%n",
        MODEL,
        RECIPE,
        patience.mostPairs(),
        patience.seconds());
    out.println(
        "| kernels | variant | threads | tokens | batch | runs | ms | fastest ms | ms an image"
            + " | CPU ms an image | us a token |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|");
    for (String kernel : kernels) {
      for (String variant : variants) {
        Contender contender = new Contender(kernel, RECIPE, variant, null);
        try (Rival rival = Rival.start(kernel, Contender.java(kernel, List.of()))) {
          for (int count : threads) {
            for (int batch : batches) {
              row(rival, contender, new Load(MODEL, SIDE, count, batch));
            }
          }
          for (int side : sides) {
            for (int count : threads) {
              // Of the first size there is a row already.
              if (side != SIDE || batches.length == 0 || batches[0] != 1) {
                row(rival, contender, new Load(MODEL, side, count, 1));
              }
            }
          }
        } catch (Refusal refusal) {
          out.printf("| %s | %s | %s | | | | | | | | |%n", kernel, variant, refusal.getMessage());
        }
      }
    }
  }

  private void row(Rival rival, Contender contender, Load load) {
    rival.ask(Ask.open(contender, load));
    Turns.Alone times = Turns.alone(rival, patience);
    List<Long> wall = times.wall();
    int patches = load.side() / PATCH;
    int tokens = patches * patches + 1;
    double millis = Figures.quantile(wall, 0.5) / 1e6;
    double image = millis / load.batch();
    out.printf(
        Locale.ROOT,
        "| %s | %s | %d | %d | %d | %d | %.2f | %.2f | %.2f | %.2f | %.1f |%n",
        contender.kernels(),
        contender.variant(),
        load.threads(),
        tokens,
        load.batch(),
        wall.size(),
        millis,
        Figures.quantile(wall, 0) / 1e6,
        image,
        Figures.quantile(times.processor(), 0.5) / 1e6 / load.batch(),
        1e3 * image / tokens);
    out.flush();
    String line =
        "%s %s, %d thread%s"
            .formatted(
                contender.kernels(),
                contender.variant(),
                load.threads(),
                load.threads() == 1 ? "" : "s");
    if (load.batch() == 1) {
      add(byTokens, line, new LogLogPlot.Point(tokens, millis));
    }
    if (load.side() == SIDE) {
      add(byBatch, line, new LogLogPlot.Point(load.batch(), image));
    }
  }

  private static void add(
      Map<String, List<LogLogPlot.Point>> lines, String line, LogLogPlot.Point point) {
    lines.computeIfAbsent(line, key -> new ArrayList<>()).add(point);
  }

  /** Writes both plots side by side. */
  void plot(Path file) throws IOException {
    Files.writeString(
        file,
        LogLogPlot.sideBySide(
            List.of(
                new LogLogPlot("Vim-Ti, one image", "tokens", "ms", byTokens),
                new LogLogPlot("Vim-Ti, 197 tokens", "batch", "ms an image", byBatch))),
        StandardCharsets.UTF_8);
    out.printf("%nPlot: %s%n", file.getFileName());
  }
}
