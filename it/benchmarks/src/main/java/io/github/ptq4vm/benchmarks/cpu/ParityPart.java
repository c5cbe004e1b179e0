package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonArray;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Whether peers compute what the executor computes: float32 logits of the filler image. */
final class ParityPart {
  private static final int SIDE = 224;

  /** Sums in float32 differ in order between any two implementations. */
  private static final double BOUND = 1e-4;

  private final Path folder;
  private final PrintWriter out;

  ParityPart(Path folder, PrintWriter out) {
    this.folder = folder;
    this.out = out;
  }

  /** Prints a row a peer and model; returns whether all that ran agree. */
  boolean print(List<String> models) {
    out.printf(
        "%n## Same logits in float32%n%nLargest difference from the executor's, relative to the"
            + " norm of all; at most %.0e.%n%n",
        BOUND);
    out.println("| model | peer | difference | |");
    out.println("|---|---|---|---|");
    boolean met = true;
    Contender own = Contender.inFloat(Contender.CHOSEN);
    for (Contender peer : Contender.PEERS) {
      for (String model : models) {
        try (Rival mine = Rival.start("The executor", own.command(folder));
            Rival other = Rival.start(peer.kernels(), peer.command(folder))) {
          Load load = new Load(model, SIDE, 1, 1);
          mine.ask(Ask.open(own, load));
          String about = Description.of(other.ask(Ask.open(peer, load)));
          double difference =
              difference(
                  mine.ask(Ask.plain("logits")).getAsJsonArray("logits"),
                  other.ask(Ask.plain("logits")).getAsJsonArray("logits"));
          met &= difference <= BOUND;
          out.printf(
              Locale.ROOT, "| %s | %s | %.1e | %s |%n", model, peer.kernels(), difference, about);
        } catch (Refusal refusal) {
          out.printf("| %s | %s | | %s |%n", model, peer.kernels(), refusal.getMessage());
        }
        out.flush();
      }
    }
    return met;
  }

  private static double difference(JsonArray expected, JsonArray actual) {
    double norm = 0;
    double largest = actual.size() == expected.size() ? 0 : Double.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      double value = expected.get(i).getAsDouble();
      double difference = Math.abs(value - actual.get(i).getAsDouble());
      norm += value * value;
      largest = Math.max(largest, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
    }
    return largest / Math.sqrt(norm);
  }
}
