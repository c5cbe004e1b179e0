package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.VerifyResult;
import io.github.ptq4vm.compiler.VerifyResult.Accuracy;
import io.github.ptq4vm.compiler.VerifyResult.Measured;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A verification as a small table for the log. */
final class VerifyTable {
  private VerifyTable() {}

  /** The table's lines; there is at least one variant. */
  static List<String> of(List<Variant> variants, VerifyResult result) {
    Measured first = result.models().get(0);
    List<String> lines = new ArrayList<>();
    lines.add("Verified on %d images of %d classes:".formatted(first.images(), first.classes()));
    lines.add(row("variant", "top-1", "top-5", "agreement", "drop", "ran on"));
    lines.add(row("fp32", first.fp32(), "", "", ""));
    for (int i = 0; i < variants.size(); i++) {
      Measured measured = result.models().get(i);
      lines.add(
          row(
              variants.get(i).name(),
              measured.packaged(),
              percent(measured.agreement()),
              AccuracyGate.number(measured.dropPoints()) + " points",
              measured.provider()));
    }
    return lines;
  }

  private static String row(
      String name, Accuracy accuracy, String agreement, String drop, String device) {
    return row(name, percent(accuracy.top1()), percent(accuracy.top5()), agreement, drop, device);
  }

  private static String row(
      String name, String top1, String top5, String agreement, String drop, String device) {
    return String.format(
            Locale.ROOT,
            "  %-8s %9s %9s %10s  %-12s  %s",
            name,
            top1,
            top5,
            agreement,
            drop,
            device)
        .stripTrailing();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }
}
