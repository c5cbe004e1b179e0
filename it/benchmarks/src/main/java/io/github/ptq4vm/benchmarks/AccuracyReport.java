package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Accuracy of a sample in Markdown: the released recipe's figures beside ours, and criteria. */
final class AccuracyReport {
  private final Sample sample;
  private final ReleasedFigures released;
  private final CompileResult learned;
  private final CompileResult plain;
  private final int validationImages;
  private final List<Criteria.Verdict> verdicts = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /**
   * Reports.
   *
   * @param steps gradient steps of {@code learned}
   * @param learned all variants with learning
   * @param plain the same without learning
   */
  AccuracyReport(
      Sample sample,
      ReleasedFigures released,
      List<Variant> variants,
      int steps,
      CompileResult learned,
      CompileResult plain) {
    this.sample = sample;
    this.released = released;
    this.learned = learned;
    this.plain = plain;
    VariantResult first = learned.variants().get(0);
    this.validationImages = first.metrics().get("validation_images").intValue();
    double floatTop1 = 100 * first.metrics().get("fp32_top1");
    line(
        "## %s: %d calibration images, %d validation images, FP32 top-1 %.2f\n",
        sample.id(), learned.calibrationImages(), validationImages, floatTop1);
    verdicts.add(Criteria.floatModel(floatTop1, released.floatTop1(sample), validationImages));
    table(variants, steps);
    learningTable(variants);
    for (Variant variant : variants) {
      verdicts.addAll(
          Criteria.variant(
              variant.name(),
              Accuracy.of(result(learned, variant)),
              released.get(sample, variant.name(), sample.releasedLearning().isPresent()),
              floatTop1,
              sample));
    }
    verdicts.forEach(v -> line("* %s: %s", v.met() ? "met" : "**not met**", v.sentence()));
  }

  private void table(List<Variant> variants, int steps) {
    line("| | top-1 %% | agreement %% | KL | SQNR dB | seconds | jar KiB |");
    line("|---|---|---|---|---|---|---|");
    for (Variant variant : variants) {
      String name = variant.name();
      String title = name.toUpperCase(Locale.ROOT);
      line(
          "| %s %s, no learning | %s | | |",
          title, sample.measuredBy(), released.get(sample, name, false).cells());
      sample
          .releasedLearning()
          .ifPresent(
              learning ->
                  line(
                      "| %s %s, %s | %s | | |",
                      title,
                      sample.measuredBy(),
                      learning,
                      released.get(sample, name, true).cells()));
      ours(title + " ours, no learning", plain, variant);
      ours(title + " ours, " + steps + " steps", learned, variant);
    }
    line("");
  }

  private void ours(String title, CompileResult results, Variant variant) {
    VariantResult result = result(results, variant);
    line(
        "| %s | %s | %.1f | %.1f |",
        title,
        Accuracy.of(result).cells(),
        results.seconds().getOrDefault(variant.name() + ", quantize", Double.NaN),
        result.bytes() / 1024.0);
  }

  private void learningTable(List<Variant> variants) {
    line("What learning adds to no learning:\n");
    line("| | top-1, points | agreement, points | KL, ratio | SQNR, dB |");
    line("|---|---|---|---|---|");
    for (Variant variant : variants) {
      Accuracy with = Accuracy.of(result(learned, variant));
      Accuracy without = Accuracy.of(result(plain, variant));
      line(
          "| %s | %+.2f | %+.2f | %.2f | %+.2f |",
          variant.name().toUpperCase(Locale.ROOT),
          with.top1() - without.top1(),
          with.agreement() - without.agreement(),
          with.kl() / without.kl(),
          with.sqnr() - without.sqnr());
    }
    line("");
  }

  private static VariantResult result(CompileResult results, Variant variant) {
    return results.variants().stream()
        .filter(result -> result.name().equals(variant.name()))
        .findFirst()
        .orElseThrow();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  /** The report. */
  String markdown() {
    return text.toString();
  }

  /** Whether all criteria are met. */
  boolean allMet() {
    return verdicts.stream().allMatch(Criteria.Verdict::met);
  }
}
