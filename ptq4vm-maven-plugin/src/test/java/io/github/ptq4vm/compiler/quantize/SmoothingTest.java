package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Smoothing factors by hand. */
class SmoothingTest {

  @Test
  void dividesActivationsByWeights() {
    float[] input = {1, -4, 3, 2, -9, 1};
    float[] weight = {0.5f, 2, -1, -2, 1, 0.25f};
    // Largest magnitudes: 2, 9, 3 and 2, 2, 1.
    assertThat(Smoothing.factors(input, weight, 3, 0.5))
        .containsExactly(new float[] {1, 2.1213203f, 1.7320508f}, within(1e-6f));
    assertThat(Smoothing.factors(input, weight, 3, 1))
        .containsExactly(new float[] {2, 9, 3}, within(1e-6f));
    assertThat(Smoothing.factors(input, weight, 3, 0))
        .containsExactly(new float[] {0.5f, 0.5f, 1}, within(1e-6f));
    assertThat(Smoothing.factors(input, weight, 3, 0.75)[1])
        .isCloseTo((float) (Math.pow(9, 0.75) / Math.pow(2, 0.25)), within(1e-6f));
  }

  @Test
  void deadChannelsGetUsableFactors() {
    // An activation counts at least 1e-3, a weight at least 1e-5, a factor is at least 1e-5.
    assertThat(Smoothing.factors(new float[] {0}, new float[] {0}, 1, 0.5)[0])
        .isCloseTo(10f, within(1e-4f));
    assertThat(Smoothing.factors(new float[] {0}, new float[] {1e9f}, 1, 0.5)[0]).isEqualTo(1e-5f);
  }
}
