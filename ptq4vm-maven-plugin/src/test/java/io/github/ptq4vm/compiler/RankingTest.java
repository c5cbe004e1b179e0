package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RankingTest {
  @Test
  @DisplayName("counts first places, places among the best, and equal first places")
  void counts() {
    Ranking one = new Ranking(new int[][] {{3, 1}, {0, 2}, {2, 0}, {1, 3}});
    Ranking other = new Ranking(new int[][] {{3, 0}, {2, 0}, {2, 1}, {1, 2}});
    int[] labels = {3, 2, 1, 1};
    assertThat(one.accuracy(labels)).isEqualTo(new VerifyResult.Accuracy(0.5, 0.75));
    assertThat(other.accuracy(labels)).isEqualTo(new VerifyResult.Accuracy(0.75, 1));
    assertThat(one.agreement(other)).isEqualTo(0.75);
  }
}
