package io.github.ptq4vm.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Accuracy of a sample in Markdown: others' figures beside ours, and criteria. */
final class AccuracyReport {
  private final Sample sample;
  private final ReleasedFigures released = ReleasedFigures.load();
  private final Floor floor = Floor.load();
  private final Map<String, Map<Contender, Measured>> measured;
  private final List<Criteria.Verdict> verdicts = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /**
   * Reports.
   *
   * @param measured by variant, in order, then by contender
   */
  AccuracyReport(Sample sample, Map<String, Map<Contender, Measured>> measured) {
    this.sample = sample;
    this.measured = measured;
    Measured any = measured.values().iterator().next().values().iterator().next();
    line(
        "## %s: %d calibration images, %d validation images, FP32 top-1 %.2f\n",
        sample.id(), any.calibrationImages(), any.validationImages(), any.floatTop1());
    verdicts.add(
        Criteria.floatModel(any.floatTop1(), released.floatTop1(sample), any.validationImages()));
    table();
    gains("What learning adds to no learning:", Contender.PLAIN, Contender.PTQ4VM);
    gains("What auto adds to ptq4vm:", Contender.PTQ4VM, Contender.AUTO);
    measured.forEach(this::judge);
    verdicts.forEach(v -> line("* %s: %s", v.met() ? "met" : "**not met**", v.sentence()));
  }

  private void table() {
    line("| | top-1 %% | agreement %% | KL | SQNR dB | seconds | jar KiB |");
    line("|---|---|---|---|---|---|---|");
    measured.forEach(
        (name, ours) -> {
          String title = name.toUpperCase(Locale.ROOT);
          String others = title + " " + sample.measuredBy();
          line("| %s, no learning | %s | | |", others, released.get(sample, name, false).cells());
          sample
              .releasedLearning()
              .ifPresent(
                  learning ->
                      line(
                          "| %s, %s | %s | | |",
                          others, learning, released.get(sample, name, true).cells()));
          ours.forEach(
              (contender, result) ->
                  line(
                      "| %s ours, %s | %s | %.1f | %.1f |",
                      title,
                      contender.title(),
                      result.accuracy().cells(),
                      result.seconds(),
                      result.bytes() / 1024.0));
        });
    line("");
  }

  private void gains(String title, Contender before, Contender after) {
    if (measured.values().stream()
        .anyMatch(ours -> !ours.containsKey(before) || !ours.containsKey(after))) {
      return;
    }
    line("%s\n", title);
    line("| | top-1, points | agreement, points | KL, ratio | SQNR, dB | time, ratio |");
    line("|---|---|---|---|---|---|");
    measured.forEach(
        (name, ours) -> {
          Accuracy with = ours.get(after).accuracy();
          Accuracy without = ours.get(before).accuracy();
          line(
              "| %s | %+.2f | %+.2f | %.2f | %+.2f | %.2f |",
              name.toUpperCase(Locale.ROOT),
              with.top1() - without.top1(),
              with.agreement() - without.agreement(),
              with.kl() / without.kl(),
              with.sqnr() - without.sqnr(),
              ours.get(after).seconds() / ours.get(before).seconds());
        });
    line("");
  }

  private void judge(String name, Map<Contender, Measured> ours) {
    Accuracy others = released.get(sample, name, sample.releasedLearning().isPresent());
    Measured ptq4vm = ours.get(Contender.PTQ4VM);
    if (ptq4vm != null) {
      verdicts.addAll(
          Criteria.variant(name, ptq4vm.accuracy(), others, ptq4vm.floatTop1(), sample));
    }
    Measured auto = ours.get(Contender.AUTO);
    if (auto != null) {
      verdicts.addAll(
          Criteria.auto(
              name, auto.accuracy(), others, floor.get(sample, name), auto.floatTop1(), sample));
    }
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
