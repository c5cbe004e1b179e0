package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Measurements against figures NumPy gave for the same logits. */
class LogitComparisonTest {
  private static final float[][] EXACT = {{2, -1, 0.5f}, {0, 3, -2}, {1, 1.5f, 4}, {0.5f, 0, 0}};
  private static final float[][] QUANTIZED = {
    {1.75f, -0.5f, 0.5f}, {0.25f, 2, -2}, {1, 4.5f, 4}, {0.5f, -0.25f, 0.125f}
  };

  @Test
  void measures() {
    LogitComparison comparison = LogitComparison.of(EXACT, QUANTIZED, new int[] {0, 1, 2, 1});
    assertThat(comparison.top1()).isEqualTo(0.5);
    assertThat(comparison.agreement()).isEqualTo(0.75);
    assertThat(comparison.kl()).isCloseTo(0.183184393557, within(1e-9));
    assertThat(comparison.sqnr()).isCloseTo(5.576708121813, within(1e-9));
    assertThat(LogitComparison.top1(EXACT, new int[] {0, 1, 2, 1})).isEqualTo(0.75);
  }

  @Test
  void equalLogitsAreEqual() {
    LogitComparison comparison = LogitComparison.of(EXACT, EXACT, new int[] {0, 1, 2, 0});
    assertThat(comparison.top1()).isEqualTo(1);
    assertThat(comparison.agreement()).isEqualTo(1);
    assertThat(comparison.kl()).isZero();
    assertThat(comparison.sqnr()).isEqualTo(300);
    float[][] zeros = new float[4][3];
    assertThat(LogitComparison.of(zeros, EXACT, new int[4]).sqnr()).isEqualTo(-300);
  }

  @Test
  void largeLogitsDoNotOverflow() {
    float[][] large = {{3e4f, 1e4f}};
    assertThat(LogitComparison.of(large, new float[][] {{3e4f, 2e4f}}, new int[] {0}).kl())
        .isCloseTo(0, within(1e-9));
  }

  @Test
  void measurementsGoByName() {
    assertThat(new LogitComparison(0.5, 0.75, 0.1, 20).asMap())
        .containsEntry("top1", 0.5)
        .containsEntry("agreement", 0.75)
        .containsEntry("kl", 0.1)
        .containsEntry("sqnr_db", 20.0)
        .hasSize(4);
  }
}
