package io.github.ptq4vm.benchmarks;

import java.util.Locale;
import java.util.Map;

/** Accuracy with one ingredient left out at a time, in Markdown. */
final class AblationReport {
  private AblationReport() {}

  /**
   * A table.
   *
   * @param variant name of the precision
   * @param measured by what was left out, {@link Ablated#NOTHING} among them
   * @param first whether this is the sample's first table and gets its heading
   */
  static String markdown(
      Sample sample, String variant, Map<Ablated, Measured> measured, boolean first) {
    StringBuilder text = new StringBuilder();
    Measured all = measured.get(Ablated.NOTHING);
    if (all == null) {
      throw new IllegalArgumentException("Nothing to compare with: measure all of auto too.");
    }
    if (first) {
      text.append(
          String.format(
              Locale.ROOT,
              "## %s: %d calibration images, %d validation images, FP32 top-1 %.2f\n\n",
              sample.id(),
              all.calibrationImages(),
              all.validationImages(),
              all.floatTop1()));
    }
    text.append(
        "| %s | top-1 %% | agreement %% | KL | SQNR dB | SQNR against all |\n"
            .formatted(variant.toUpperCase(Locale.ROOT)));
    text.append("|---|---|---|---|---|---|\n");
    measured.forEach(
        (ablated, result) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "| %s | %s | %s |\n",
                    ablated.title(),
                    result.accuracy().cells(),
                    ablated == Ablated.NOTHING
                        ? ""
                        : String.format(
                            Locale.ROOT,
                            "%+.2f",
                            result.accuracy().sqnr() - all.accuracy().sqnr()))));
    return text.toString();
  }
}
