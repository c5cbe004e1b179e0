package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The share of a dynamic range: least squared error, whatever the threads and the width. */
class ShareSearchTest {
  private static final int CHANNELS = 45;
  private static final int ROWS = 60;

  private static double error(float[] x, float[] reciprocal, double share, int limit) {
    double error = 0;
    for (int row = 0; row < ROWS; row++) {
      double low = 0;
      double high = 0;
      for (int c = 0; c < CHANNELS; c++) {
        double v = (double) x[row * CHANNELS + c] * reciprocal[c];
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
      double step = (high - low) * share / limit;
      double zero = Math.min(limit, Math.rint(-low * share / step));
      for (int c = 0; c < CHANNELS; c++) {
        double v = (double) x[row * CHANNELS + c] * reciprocal[c];
        double code = Math.max(0, Math.min(limit, Math.rint(v / step) + zero));
        error += Math.pow(v - step * (code - zero), 2);
      }
    }
    return error;
  }

  @ParameterizedTest
  @CsvSource({"15,false", "15,true", "63,true", "255,false"})
  void noOtherCandidateIsBetter(int limit, boolean heavy) {
    float[] x = Values.gaussian(limit, ROWS * CHANNELS);
    for (int i = 0; heavy && i < x.length; i++) {
      x[i] = x[i] * x[i] * x[i];
    }
    float[] reciprocal = Values.uniform(2, CHANNELS, 0.5, 2);
    float found;
    try (Parallel one = new Parallel(1);
        Parallel three = new Parallel(3)) {
      found = ShareSearch.share(one, x, reciprocal, limit);
      assertThat(ShareSearch.share(three, x, reciprocal, limit)).isEqualTo(found);
    }
    double least = error(x, reciprocal, found, limit);
    for (int i = 0; i < 15; i++) {
      assertThat(least)
          .isLessThanOrEqualTo(error(x, reciprocal, 0.7 + 0.025 * i, limit) * (1 + 1e-4));
    }
    // 8 bits have codes enough for the ends; 4 bits spend theirs where the values are.
    if (limit == 255) {
      assertThat(found).isBetween(0.97f, 1.01f);
    } else if (limit == 15 && !heavy) {
      assertThat(found).isLessThan(1f);
    }
  }
}
