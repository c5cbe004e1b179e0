package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AccuracyReportTest {
  private static final List<Variant> VARIANTS = List.of(new Variant("w4a4", 4, 4));

  private static CompileResult result(double top1, double kl, double sqnr) {
    Map<String, Double> metrics =
        Map.of(
            "top1",
            top1,
            "agreement",
            0.9,
            "kl",
            kl,
            "sqnr_db",
            sqnr,
            "fp32_top1",
            0.925,
            "validation_images",
            400.0);
    return new CompileResult(
        "vim-d64-l4",
        128,
        0.925,
        List.of(
            new VariantResult("w4a4", Path.of("x.jar"), 2048, "0", top1, new TreeMap<>(metrics))),
        new TreeMap<>(Map.of("w4a4, quantize", 12.5)));
  }

  private static AccuracyReport report(CompileResult learned) {
    return new AccuracyReport(
        Sample.VIM_NANO, ReleasedFigures.load(), VARIANTS, 30, learned, result(0.89, 0.06, 9));
  }

  @Test
  void showsReleasedAndOurs() {
    AccuracyReport report = report(result(0.9, 0.03, 11));

    assertThat(report.markdown())
        .contains("## vim_nano: 128 calibration images, 400 validation images, FP32 top-1 92.50")
        .contains("| W4A4 released recipe, no learning | 88.75 | 91.25 | 0.07990 | 8.78 | | |")
        .contains("| W4A4 released recipe, 100 steps | 89.50 | 91.75 | 0.08035 | 9.13 | | |")
        .contains("| W4A4 ours, no learning | 89.00 | 90.00 | 0.06000 | 9.00 | 12.5 | 2.0 |")
        .contains("| W4A4 ours, 30 steps | 90.00 | 90.00 | 0.03000 | 11.00 | 12.5 | 2.0 |")
        .contains("| W4A4 | +1.00 | +0.00 | 0.50 | +2.00 |")
        .contains("* met: FP32 top-1")
        .doesNotContain("not met");
    assertThat(report.allMet()).isTrue();
  }

  @Test
  void oneCriterionMissedIsNotAll() {
    AccuracyReport report = report(result(0.9, 0.03, 9.1));

    assertThat(report.markdown())
        .contains("* **not met**: W4A4: SQNR 9.10 dB is above the released recipe's 9.13");
    assertThat(report.allMet()).isFalse();
  }
}
