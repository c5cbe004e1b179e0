package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccuracyReportTest {

  private static Measured measured(double top1, double kl, double sqnr, double seconds) {
    return new Measured(new Accuracy(top1, 90, kl, sqnr), 92.5, 128, 400, seconds, 2048);
  }

  private static AccuracyReport report(Measured auto) {
    Map<Contender, Measured> ours = new EnumMap<>(Contender.class);
    ours.put(Contender.PLAIN, measured(89, 0.06, 9, 2));
    ours.put(Contender.PTQ4VM, measured(90, 0.03, 11, 20));
    ours.put(Contender.AUTO, auto);
    Map<String, Map<Contender, Measured>> variants = new LinkedHashMap<>();
    variants.put("w4a4", ours);
    return new AccuracyReport(Sample.VIM_NANO, variants);
  }

  @Test
  void showsOthersAndOurs() {
    AccuracyReport report = report(measured(92, 0.0149, 16.6, 25));

    assertThat(report.markdown())
        .contains("## vim_nano: 128 calibration images, 400 validation images, FP32 top-1 92.50")
        .contains("| W4A4 released recipe, no learning | 88.75 | 91.25 | 0.07990 | 8.78 | | |")
        .contains("| W4A4 released recipe, 100 steps | 89.50 | 91.75 | 0.08035 | 9.13 | | |")
        .contains("| W4A4 ours, ptq4vm, no learning | 89.00 | 90.00 | 0.06000 | 9.00 | 2.0 | 2.0 |")
        .contains("| W4A4 ours, ptq4vm | 90.00 | 90.00 | 0.03000 | 11.00 | 20.0 | 2.0 |")
        .contains("| W4A4 ours, auto | 92.00 | 90.00 | 0.01490 | 16.60 | 25.0 | 2.0 |")
        .contains("| W4A4 | +1.00 | +0.00 | 0.50 | +2.00 | 10.00 |")
        .contains("| W4A4 | +2.00 | +0.00 | 0.50 | +5.60 | 1.25 |")
        .contains("* met: FP32 top-1")
        .contains("* met: W4A4 auto: SQNR 16.60 dB reaches the target of 16.6")
        .doesNotContain("not met");
    assertThat(report.allMet()).isTrue();
  }

  @Test
  void oneCriterionMissedIsNotAll() {
    AccuracyReport report = report(measured(92, 0.0149, 15.5, 25));

    assertThat(report.markdown())
        .contains("* **not met**: W4A4 auto: SQNR 15.50 dB is at least 15.60");
    assertThat(report.allMet()).isFalse();
  }
}
