package io.github.ptq4vm.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LogitsComparisonTest {
  private static final float[][] EXPECTED = {{3, 4, 0}, {0, 0, 10}};

  @Test
  void equalLogitsHaveNoError() {
    LogitsComparison comparison = LogitsComparison.of(EXPECTED, EXPECTED);

    assertThat(comparison).isEqualTo(new LogitsComparison(0, 2, 0, 0));
    assertThat(comparison.isWithin(0)).isTrue();
  }

  @Test
  void theWorstImageCounts() {
    LogitsComparison comparison =
        LogitsComparison.of(EXPECTED, new float[][] {{3, 4.5f, 0}, {0, 0.1f, 10}});

    assertThat(comparison.error()).isCloseTo(0.1, within(1e-7));
    assertThat(comparison.isWithin(0.11)).isTrue();
    assertThat(comparison.isWithin(0.09)).isFalse();
  }

  @Test
  void anotherClassIsListedWithItsMargin() {
    LogitsComparison comparison =
        LogitsComparison.of(EXPECTED, new float[][] {{4, 3, 0}, {0, 0, 10}});

    assertThat(comparison.otherClass()).isEqualTo(1);
    assertThat(comparison.margin()).isCloseTo(0.2, within(1e-7));
  }

  @Test
  void whatIsNotANumberIsAnError() {
    LogitsComparison comparison =
        LogitsComparison.of(EXPECTED, new float[][] {{3, Float.NaN, 0}, {0, 0, 10}});

    assertThat(comparison.error()).isInfinite();
    assertThat(comparison.isWithin(1)).isFalse();
  }

  @Test
  void imagesMayNotGetLost() {
    assertThatThrownBy(() -> LogitsComparison.of(EXPECTED, new float[1][3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 images");
  }
}
