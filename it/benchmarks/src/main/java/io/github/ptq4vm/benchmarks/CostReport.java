package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.benchmarks.cost.FusedKernel;
import io.github.ptq4vm.benchmarks.cost.Gpu;
import io.github.ptq4vm.benchmarks.cost.Gpu.Limit;
import io.github.ptq4vm.benchmarks.cost.Launch;
import io.github.ptq4vm.benchmarks.cost.Work;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The tables of what chains of kernels cost. */
final class CostReport {
  private static final Gpu SHEET = Gpu.H200_DATA_SHEET;
  private static final Gpu COPY = Gpu.H200_COPY;

  private final List<Row> rows;
  private final String variant;
  private final int[] batches;
  private final PrintWriter out;

  /**
   * Prepares a report.
   *
   * @param variant name of the precision that tables by kernel are of
   * @param batches the last is the one that tables by kernel are of
   */
  CostReport(List<Row> rows, String variant, int[] batches, PrintWriter out) {
    this.rows = rows;
    this.variant = variant;
    this.batches = batches.clone();
    this.out = out;
  }

  /** A model's chain. */
  record Row(String model, String recipe, String variant, List<Launch> launches) {
    Row {
      launches = List.copyOf(launches);
    }

    Work total() {
      return sum(launches);
    }

    String title() {
      return "| " + model + " | " + recipe + " | " + variant;
    }
  }

  private static Work sum(List<Launch> launches) {
    return launches.stream().map(Launch::work).reduce(Work.NONE, Work::plus);
  }

  /** What whole models take. */
  void wholeModels() {
    out.println("## Whole models, one image\n");
    out.println(
        "| model | recipe | variant | integer M mul-add | half M mul-add | float M | exp M"
            + " | activations MB | weights MB a batch | kernels |");
    out.println("|---|---|---|---|---|---|---|---|---|---|");
    for (Row row : rows) {
      line(row.title() + counts(row.total()) + " | " + row.launches().size() + " |");
    }
    out.println();
  }

  /** How fast whole models could be. */
  void floors() {
    out.println("## Floors, microseconds an image\n");
    out.println(
        "*Bytes* to *exp*: the whole model by one resource alone. *Chain*: each kernel by the"
            + " resource it needs longest, one after the other.\n");
    out.println(
        "| model | recipe | variant | batch | bytes, data sheet | bytes, copy | integer | half"
            + " | float | exp | chain, data sheet | chain, copy | images/s by bytes, data sheet"
            + " | images/s by bytes, copy | images/s of the chain, copy |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (Row row : rows) {
      for (int batch : batches) {
        Map<Limit, Double> sheet = SHEET.seconds(row.total(), batch);
        Map<Limit, Double> copy = COPY.seconds(row.total(), batch);
        double chain = chain(row.launches(), COPY, batch);
        line(
            row.title()
                + " | "
                + batch
                + micros(sheet.get(Limit.BYTES) / batch)
                + micros(copy.get(Limit.BYTES) / batch)
                + micros(copy.get(Limit.INTEGER) / batch)
                + micros(copy.get(Limit.HALF) / batch)
                + micros(copy.get(Limit.FLOAT) / batch)
                + micros(copy.get(Limit.EXPONENTIAL) / batch)
                + micros(chain(row.launches(), SHEET, batch) / batch)
                + micros(chain / batch)
                + rate(batch / sheet.get(Limit.BYTES))
                + rate(batch / copy.get(Limit.BYTES))
                + rate(batch / chain)
                + " |");
      }
    }
    out.println();
  }

  private static double chain(List<Launch> launches, Gpu gpu, int batch) {
    return launches.stream().mapToDouble(launch -> gpu.floor(launch.work(), batch)).sum();
  }

  /** What each kernel takes of a whole model. */
  void kernels() {
    int batch = batches[batches.length - 1];
    out.printf("## By kernel, one image of a batch of %d, %s%n%n", batch, variant);
    out.println(
        "| model | recipe | kernel | launches | integer M mul-add | half M mul-add | float M"
            + " | exp M | activations MB | weights MB a batch | floor us, copy | limit |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (Row row : rows) {
      if (!row.variant().equals(variant)) {
        continue;
      }
      for (FusedKernel kernel : FusedKernel.values()) {
        List<Launch> launches =
            row.launches().stream().filter(launch -> launch.kernel() == kernel).toList();
        if (!launches.isEmpty()) {
          line(
              "| "
                  + row.model()
                  + " | "
                  + row.recipe()
                  + " | "
                  + kernel.letter()
                  + ") "
                  + kernel.title()
                  + " | "
                  + launches.size()
                  + counts(sum(launches))
                  + micros(chain(launches, COPY, batch) / batch)
                  + " | "
                  + COPY.limit(sum(launches), batch).title()
                  + " |");
        }
      }
    }
    out.println();
  }

  /** What a token costs in a block; blocks that cost the same are one row. */
  void blocks() {
    out.printf("## One token in one block, %s%n%n", variant);
    out.println(
        "| model | recipe | blocks | first | tokens | bytes by kernel | bytes | integer mul-add"
            + " | float | exp |");
    out.println("|---|---|---|---|---|---|---|---|---|---|");
    for (Row row : rows) {
      if (row.variant().equals(variant)) {
        alike(row).values().forEach(blocks -> block(row, blocks));
      }
    }
  }

  private static Map<List<Work>, List<List<Launch>>> alike(Row row) {
    Map<String, List<Launch>> bySection =
        row.launches().stream()
            .filter(Launch::block)
            .collect(
                Collectors.groupingBy(Launch::section, LinkedHashMap::new, Collectors.toList()));
    return bySection.values().stream()
        .collect(
            Collectors.groupingBy(
                block -> block.stream().map(Launch::work).toList(),
                LinkedHashMap::new,
                Collectors.toCollection(ArrayList::new)));
  }

  private void block(Row row, List<List<Launch>> blocks) {
    List<Launch> block = blocks.get(0);
    int tokens = block.get(0).tokens();
    Work work = sum(block);
    String byKernel =
        block.stream()
            .map(
                launch ->
                    launch.kernel().letter()
                        + " "
                        + perToken(launch.work(), tokens, Work::activationBytes))
            .collect(Collectors.joining(", "));
    line(
        "| "
            + row.model()
            + " | "
            + row.recipe()
            + " | "
            + blocks.size()
            + " | "
            + block.get(0).section()
            + " | "
            + tokens
            + " | "
            + byKernel
            + " | "
            + perToken(work, tokens, Work::activationBytes)
            + " | "
            + perToken(work, tokens, Work::integerMultiplyAdds)
            + " | "
            + perToken(work, tokens, Work::floatOperations)
            + " | "
            + perToken(work, tokens, Work::exponentials)
            + " |");
  }

  private static String perToken(Work work, int tokens, ToDoubleFunction<Work> count) {
    return String.format(Locale.ROOT, "%.0f", count.applyAsDouble(work) / tokens);
  }

  private static String counts(Work work) {
    return Arrays.stream(
            new double[] {
              work.integerMultiplyAdds(),
              work.halfMultiplyAdds(),
              work.floatOperations(),
              work.exponentials(),
              work.activationBytes(),
              work.weightBytes()
            })
        .mapToObj(count -> String.format(Locale.ROOT, " | %.2f", count / 1e6))
        .collect(Collectors.joining());
  }

  private static String micros(double seconds) {
    return String.format(Locale.ROOT, " | %.2f", seconds * 1e6);
  }

  private static String rate(double perSecond) {
    return String.format(Locale.ROOT, " | %.0f", perSecond);
  }

  private void line(String text) {
    out.println(text);
  }
}
