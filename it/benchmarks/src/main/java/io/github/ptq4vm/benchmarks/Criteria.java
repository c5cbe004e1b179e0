package io.github.ptq4vm.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What is asked of accuracy, as sentences with a verdict. */
final class Criteria {
  private static final double FLOAT_IMAGES = 2;
  private static final double TOP1_MARGIN = 0.5;
  private static final double TOP1_MARGIN_W4A4 = 1;
  // Figures of the model card have two decimals, so a difference is known to half of the last.
  private static final double ROUNDING = 0.005;
  private static final double KL_ROUNDING = 0.000005;
  private static final double AGREEMENT_W8A8 = 99.5;

  private Criteria() {}

  /**
   * A criterion.
   *
   * @param sentence what is asked, with the figures
   * @param met whether it is so
   */
  record Verdict(String sentence, boolean met) {
    private static Verdict of(boolean met, String format, Object... figures) {
      return new Verdict(String.format(Locale.ROOT, format, figures), met);
    }
  }

  /**
   * The float model gets as many images right as the model card says, within two.
   *
   * @param measured top-1, percent
   * @param card top-1, percent
   * @param images validation images
   */
  static Verdict floatModel(double measured, double card, int images) {
    double apart = Math.abs(measured - card) * images / 100;
    return Verdict.of(
        apart <= FLOAT_IMAGES + ROUNDING * images / 100,
        "FP32 top-1 %.2f is the model card's %.2f within two of %d images",
        measured,
        card,
        images);
  }

  /**
   * What is asked of a variant.
   *
   * @param ours measured
   * @param released by the released recipe, with learning
   * @param floatTop1 top-1 of the float model as measured, percent
   * @param sample says how far W8A8 may be from it, and who measured the other figures
   */
  static List<Verdict> variant(
      String variant, Accuracy ours, Accuracy released, double floatTop1, Sample sample) {
    List<Verdict> verdicts = new ArrayList<>();
    String name = variant.toUpperCase(Locale.ROOT);
    String other = sample.measuredBy();
    verdicts.add(
        Verdict.of(
            ours.sqnr() > released.sqnr(),
            "%s: SQNR %.2f dB is above the %s's %.2f",
            name,
            ours.sqnr(),
            other,
            released.sqnr()));
    verdicts.add(
        Verdict.of(
            ours.kl() < released.kl(),
            "%s: KL %.5f is below the %s's %.5f",
            name,
            ours.kl(),
            other,
            released.kl()));
    if (variant.equals("w4a4")) {
      verdicts.add(
          Verdict.of(
              ours.top1() >= released.top1() - TOP1_MARGIN_W4A4 - ROUNDING,
              "%s: top-1 %.2f is at most %.1f points under the %s's %.2f",
              name,
              ours.top1(),
              TOP1_MARGIN_W4A4,
              other,
              released.top1()));
    } else {
      double lower = Math.min(floatTop1, released.top1());
      verdicts.add(
          Verdict.of(
              ours.top1() >= lower - TOP1_MARGIN - ROUNDING,
              "%s: top-1 %.2f is at most %.1f points under %.2f, the lower of FP32 and %s",
              name,
              ours.top1(),
              TOP1_MARGIN,
              lower,
              other));
    }
    if (variant.equals("w8a8")) {
      verdicts.add(
          Verdict.of(
              Math.abs(ours.top1() - floatTop1) <= sample.margin() + ROUNDING,
              "%s: top-1 %.2f is within %.1f points of FP32's %.2f",
              name,
              ours.top1(),
              sample.margin(),
              floatTop1));
    }
    return verdicts;
  }

  /**
   * What is asked of a variant of {@code auto}: the floor, nothing below the released recipe, and
   * more where a target says so.
   *
   * @param ours measured
   * @param released by the released recipe
   * @param floatTop1 top-1 of the float model as measured, percent
   */
  static List<Verdict> auto(
      String variant,
      Accuracy ours,
      Accuracy released,
      Floor.Bound floor,
      double floatTop1,
      Sample sample) {
    List<Verdict> verdicts = new ArrayList<>();
    String name = variant.toUpperCase(Locale.ROOT) + " auto";
    double least = Math.max(floor.sqnr(), released.sqnr());
    verdicts.add(
        Verdict.of(
            ours.sqnr() >= least,
            "%s: SQNR %.2f dB is at least %.2f, the higher of floor and %s",
            name,
            ours.sqnr(),
            least,
            sample.measuredBy()));
    double most = Math.min(floor.kl(), released.kl());
    // The last digit of a printed figure is known to half.
    verdicts.add(
        Verdict.of(
            ours.kl() <= most + KL_ROUNDING,
            "%s: KL %.5f is at most %.5f, the lower of floor and %s",
            name,
            ours.kl(),
            most,
            sample.measuredBy()));
    if (variant.equals("w8a8")) {
      verdicts.add(
          Verdict.of(
              ours.agreement() >= AGREEMENT_W8A8,
              "%s: agreement %.2f is at least %.1f",
              name,
              ours.agreement(),
              AGREEMENT_W8A8));
    }
    if (variant.equals("w4a4") && sample.target() > 0) {
      verdicts.add(
          Verdict.of(
              ours.sqnr() >= sample.target(),
              "%s: SQNR %.2f dB reaches the target of %.1f",
              name,
              ours.sqnr(),
              sample.target()));
      verdicts.add(
          Verdict.of(
              ours.top1() >= floatTop1 - TOP1_MARGIN - ROUNDING,
              "%s: top-1 %.2f is at most %.1f points under FP32's %.2f",
              name,
              ours.top1(),
              TOP1_MARGIN,
              floatTop1));
    }
    return verdicts;
  }
}
