package io.github.ptq4vm.benchmarks.cpu;

import io.github.ptq4vm.benchmarks.PairedTiming;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Latency of the executor and of peers, each in turns with PyTorch and its compiled scan. */
final class LatencyPart {
  private static final int SIDE = 224;

  private final Path folder;
  private final Turns.Patience patience;
  private final PrintWriter out;
  private final List<Row> rows = new ArrayList<>();

  /** What was measured of a contender. */
  record Row(Contender contender, Load load, Turns turns) {
    /** How many times longer PyTorch takes. */
    double gain() {
      return 1 / turns.wall().ratio(0.5);
    }
  }

  LatencyPart(Path folder, Turns.Patience patience, PrintWriter out) {
    this.folder = folder;
    this.patience = patience;
    this.out = out;
  }

  /** Prints a table of a model. */
  void print(
      String model,
      List<String> kernels,
      List<String> recipes,
      List<String> variants,
      int[] threads,
      int[] batches) {
    out.printf(
        Locale.ROOT,
        "%n## Latency of %s, %d pixels%n%n"
            + "Each row: in turns with PyTorch in float32 with a scan compiled from C++, each in a"
            + " process of its own, up to %d%nturns or %.1f seconds; medians. *times PyTorch's*: how"
            + " many times longer PyTorch took, in brackets the quartiles.%n"
            + "*CPU*: processor time of all threads.%n%n",
        model,
        SIDE,
        patience.mostPairs(),
        patience.seconds());
    out.println(
        "| kernels | recipe | variant | threads | batch | turns | PyTorch ms | ms | ms an image"
            + " | times PyTorch's | PyTorch CPU ms | CPU ms | times PyTorch's, CPU |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    List<Contender> lineup = lineup(kernels, recipes, variants);
    try (Rival base = Rival.start(Contender.BASE.kernels(), Contender.BASE.command(folder))) {
      base.ask(Ask.open(Contender.BASE, new Load(model, SIDE, 1, 1)));
      lineup.forEach(contender -> rows(base, contender, model, threads, batches));
    } catch (Refusal refusal) {
      // The executor's own figures are worth having all the same.
      lineup.stream()
          .filter(contender -> contender.peer() == null)
          .forEach(contender -> rows(null, contender, model, threads, batches));
      out.printf("%nThere is no PyTorch to compare with: %s%n", refusal.getMessage());
    }
  }

  /** Peers first, then each kind of kernels with each network. */
  static List<Contender> lineup(List<String> kernels, List<String> recipes, List<String> variants) {
    List<Contender> all = new ArrayList<>(Contender.PEERS.subList(1, Contender.PEERS.size()));
    for (String one : kernels) {
      for (String recipe : recipes) {
        if (recipe.equals(Ask.FLOAT)) {
          all.add(Contender.inFloat(one));
        } else {
          variants.forEach(variant -> all.add(new Contender(one, recipe, variant, null)));
        }
      }
    }
    return all;
  }

  private void rows(
      @Nullable Rival base, Contender contender, String model, int[] threads, int[] batches) {
    try (Rival rival = Rival.start(contender.kernels(), contender.command(folder))) {
      for (int count : threads) {
        for (int batch : batches) {
          Load load = new Load(model, SIDE, count, batch);
          rival.ask(Ask.open(contender, load));
          if (base == null) {
            print(contender, load, Turns.alone(rival, patience));
          } else {
            base.ask(Ask.open(Contender.BASE, load));
            Row row = new Row(contender, load, Turns.of(base, rival, patience));
            rows.add(row);
            print(row);
          }
        }
      }
    } catch (Refusal refusal) {
      out.printf(
          "| %s | %s | %s | | | | %s | | | | | | |%n",
          contender.kernels(), contender.recipe(), contender.variant(), refusal.getMessage());
    }
    out.flush();
  }

  private void print(Contender contender, Load load, Turns.Alone times) {
    double millis = Figures.quantile(times.wall(), 0.5) / 1e6;
    out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %d | %d | %d | | %.1f | %.2f | | | %.1f | |%n",
        contender.kernels(),
        contender.recipe(),
        contender.variant(),
        load.threads(),
        load.batch(),
        times.wall().size(),
        millis,
        millis / load.batch(),
        Figures.quantile(times.processor(), 0.5) / 1e6);
    out.flush();
  }

  private void print(Row row) {
    PairedTiming wall = row.turns().wall();
    PairedTiming processor = row.turns().processor();
    out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %d | %d | %d | %.1f | %.1f | %.2f | %s | %.1f | %.1f | %s |%n",
        row.contender().kernels(),
        row.contender().recipe(),
        row.contender().variant(),
        row.load().threads(),
        row.load().batch(),
        wall.pairs(),
        wall.firstMillis(),
        wall.secondMillis(),
        wall.secondMillis() / row.load().batch(),
        gain(wall),
        processor.firstMillis(),
        processor.secondMillis(),
        gain(processor));
    out.flush();
  }

  private static String gain(PairedTiming timing) {
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f to %.2f)",
        1 / timing.ratio(0.5),
        1 / timing.ratio(0.75),
        1 / timing.ratio(0.25));
  }

  /** Prints what has to be reached and what was; returns whether all is. */
  boolean criteria() {
    return new LatencyCriteria(rows).print(out);
  }
}
