package io.github.ptq4vm.benchmarks.cpu;

import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/** What latency has to reach: single images on two threads, W8A8. */
final class LatencyCriteria {
  private static final double MOST_MILLIS = 12;
  private static final double LEAST_GAIN = 10;
  private static final double LEAST_VECTOR_GAIN = 5;
  private static final String MODEL = "vim_tiny";
  private static final String VARIANT = "w8a8";
  private static final int THREADS = 2;

  private final List<LatencyPart.Row> rows;

  LatencyCriteria(List<LatencyPart.Row> rows) {
    this.rows = List.copyOf(rows);
  }

  /** Prints them; returns whether those that were measured are met. */
  boolean print(PrintWriter out) {
    out.printf("%n## Criteria%n%n| what | least or most | reached | met |%n|---|---|---|---|%n");
    boolean met = true;
    Optional<LatencyPart.Row> fastest = fastest(row -> true);
    if (fastest.isPresent()) {
      String name = fastest.get().contender().kernels();
      double millis = fastest.get().turns().wall().secondMillis();
      met &= line(out, "ms an image, " + name, MOST_MILLIS, millis, millis <= MOST_MILLIS);
      double gain = fastest.get().gain();
      met &= line(out, "times PyTorch's, " + name, LEAST_GAIN, gain, gain >= LEAST_GAIN);
    }
    Optional<LatencyPart.Row> vector = fastest(row -> row.contender().kernels().equals("vector"));
    if (vector.isPresent()) {
      double gain = vector.get().gain();
      met &=
          line(out, "times PyTorch's, vector", LEAST_VECTOR_GAIN, gain, gain >= LEAST_VECTOR_GAIN);
    }
    out.printf("%n| kernels | model | variant | recipe | threads | batch | times own float32 |%n");
    out.println("|---|---|---|---|---|---|---|");
    for (LatencyPart.Row row : rows) {
      rows.stream()
          .filter(other -> isFloatOf(row, other))
          .findFirst()
          .ifPresent(
              other ->
                  out.printf(
                      Locale.ROOT,
                      "| %s | %s | %s | %s | %d | %d | %.2f |%n",
                      row.contender().kernels(),
                      row.load().model(),
                      row.contender().variant(),
                      row.contender().recipe(),
                      row.load().threads(),
                      row.load().batch(),
                      row.gain() / other.gain()));
    }
    return met;
  }

  private static boolean line(
      PrintWriter out, String what, double bound, double value, boolean met) {
    out.printf(
        Locale.ROOT,
        "| %s, %s %s, %d threads | %.0f | %.1f | %s |%n",
        what,
        MODEL,
        VARIANT,
        THREADS,
        bound,
        value,
        met ? "yes" : "no");
    return met;
  }

  private Optional<LatencyPart.Row> fastest(Predicate<LatencyPart.Row> which) {
    return rows.stream()
        .filter(row -> row.load().model().equals(MODEL))
        .filter(row -> row.load().batch() == 1 && row.load().threads() == THREADS)
        .filter(row -> row.contender().variant().equals(VARIANT))
        .filter(which)
        .min(Comparator.comparingDouble(row -> row.turns().wall().ratio(0.5)));
  }

  private static boolean isFloatOf(LatencyPart.Row row, LatencyPart.Row other) {
    return row.contender().peer() == null
        && !row.contender().recipe().equals(Ask.FLOAT)
        && Objects.equals(other.contender(), Contender.inFloat(row.contender().kernels()))
        && other.load().equals(row.load());
  }
}
