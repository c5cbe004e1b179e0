package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.VerifyResult.Measured;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How accurate a packaged model must be.
 *
 * @param maxDrop percentage points of top-1 it may lose against the checkpoint, or null for any
 * @param minTop1 top-1 in percent it must have, or null for any
 */
record AccuracyGate(@Nullable Double maxDrop, @Nullable Double minTop1) {
  /** Shares of images are quotients: two that are equal may differ in the last digits. */
  private static final double ROUNDING = 1e-9;

  /**
   * A gate of parameters.
   *
   * @throws CompileException if one of them is out of range
   */
  static AccuracyGate of(@Nullable Double maxAccuracyDrop, @Nullable Double minTop1) {
    if (maxAccuracyDrop != null) {
      Ranges.between(0, 100, maxAccuracyDrop, "maxAccuracyDrop");
    }
    if (minTop1 != null && !(minTop1 >= 1 && minTop1 <= 100)) {
      throw new CompileException(
          "<minTop1> is %s but must be between 1 and 100, since it is a percentage: 75 for three of four images."
              .formatted(minTop1));
    }
    return new AccuracyGate(maxAccuracyDrop, minTop1);
  }

  /** Whether anything is demanded. */
  boolean checks() {
    return maxDrop != null || minTop1 != null;
  }

  /** A sentence for each demand that is not met, with both models' numbers. */
  List<String> failures(String variant, Measured measured) {
    List<String> failures = new ArrayList<>();
    double packaged = 100 * measured.packaged().top1();
    double fp32 = 100 * measured.fp32().top1();
    if (maxDrop != null && measured.dropPoints() > maxDrop + ROUNDING) {
      failures.add(
          String.format(
              Locale.ROOT,
              "Top-1 of the packaged %s model is %.2f %% on %d images, %s points below the"
                  + " checkpoint's %.2f %%, but <maxAccuracyDrop> allows no more than %s.",
              variant,
              packaged,
              measured.images(),
              number(measured.dropPoints()),
              fp32,
              number(maxDrop)));
    }
    if (minTop1 != null && packaged < minTop1 - ROUNDING) {
      failures.add(
          String.format(
              Locale.ROOT,
              "Top-1 of the packaged %s model is %.2f %% on %d images (the checkpoint's is"
                  + " %.2f %%), but <minTop1> demands %s %%.",
              variant,
              packaged,
              measured.images(),
              fp32,
              number(minTop1)));
    }
    return failures;
  }

  /** As many digits as it has, at most four. */
  static String number(double value) {
    return BigDecimal.valueOf(value)
        .setScale(4, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }
}
