package io.github.ptq4vm.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogitsComparisonTest {
  private static final float[][] EXPECTED = {{3, 4, 0}, {0, 0, 10}};

  private static final Bits EIGHT = new Bits(8, 8);
  private static final Bits FOUR = new Bits(4, 4);

  @Test
  void equalLogitsHaveNoError() {
    LogitsComparison comparison = LogitsComparison.of(EXPECTED, EXPECTED);

    assertThat(comparison).isEqualTo(new LogitsComparison(List.of(0.0, 0.0), List.of()));
    assertThat(ErrorBound.of(EIGHT, false, false, 0).holds(comparison)).isTrue();
  }

  @Test
  void theWorstImageCountsWhereCodesAreFine() {
    LogitsComparison comparison =
        LogitsComparison.of(EXPECTED, new float[][] {{3, 4.5f, 0}, {0, 0.1f, 10}});

    assertThat(comparison.quantile(0.5)).isCloseTo(0.01, within(1e-7));
    assertThat(comparison.quantile(1)).isCloseTo(0.1, within(1e-7));
    assertThat(ErrorBound.of(EIGHT, false, false, 0.11).holds(comparison)).isTrue();
    assertThat(ErrorBound.of(EIGHT, false, false, 0.09).holds(comparison)).isFalse();
  }

  @Test
  void theMedianCountsWhereCodesAreCoarse() {
    LogitsComparison comparison =
        LogitsComparison.of(
            new float[][] {{1, 0}, {1, 0}, {1, 0}}, new float[][] {{1, 0}, {1, 0.05f}, {1, 0.5f}});

    assertThat(ErrorBound.of(FOUR, true, false, 0.06).holds(comparison)).isTrue();
    assertThat(ErrorBound.of(FOUR, true, false, 0.04).holds(comparison)).isFalse();
    assertThat(ErrorBound.of(FOUR, false, true, 0.04).holds(comparison)).isTrue();
  }

  @Test
  void aTrainedModelMayNotChangeItsMind() {
    float[][] expected = new float[10][];
    float[][] actual = new float[10][];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = new float[] {1, 0.999f};
      actual[i] = new float[] {1, i == 0 ? 1.001f : 0.999f};
    }
    LogitsComparison comparison = LogitsComparison.of(expected, actual);

    assertThat(ErrorBound.of(EIGHT, false, true, 0.02).holds(comparison)).isFalse();
    assertThat(ErrorBound.of(EIGHT, false, false, 0.02).holds(comparison)).isTrue();
  }

  @Test
  void anotherClassIsListedWithItsMargins() {
    LogitsComparison comparison =
        LogitsComparison.of(EXPECTED, new float[][] {{4, 3.5f, 0}, {0, 0, 10}});

    assertThat(comparison.otherClass()).hasSize(1);
    assertThat(comparison.otherClass().get(0).image()).isZero();
    assertThat(comparison.otherClass().get(0).expected()).isCloseTo(0.2, within(1e-7));
    assertThat(comparison.otherClass().get(0).found()).isCloseTo(0.1, within(1e-7));
  }

  @Test
  void whatIsNotANumberIsAnErrorEvenWhereNothingIsBounded() {
    LogitsComparison comparison =
        LogitsComparison.of(EXPECTED, new float[][] {{3, Float.NaN, 0}, {0, 0, 10}});

    assertThat(comparison.quantile(1)).isInfinite();
    assertThat(ErrorBound.of(FOUR, false, false, 1).holds(comparison)).isFalse();
  }

  @Test
  void imagesMayNotGetLost() {
    assertThatThrownBy(() -> LogitsComparison.of(EXPECTED, new float[1][3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 images");
  }
}
