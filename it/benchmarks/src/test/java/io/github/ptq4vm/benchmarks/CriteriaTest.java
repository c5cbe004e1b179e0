package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.benchmarks.Criteria.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class CriteriaTest {
  private static final Accuracy RELEASED = new Accuracy(67.00, 95, 0.004, 20);

  private static List<Boolean> met(String variant, Accuracy ours, double floatTop1) {
    return Criteria.variant(variant, ours, RELEASED, floatTop1, Sample.VIM_NANO).stream()
        .map(Verdict::met)
        .toList();
  }

  @Test
  void theFloatModelMayBeTwoImagesApart() {
    // Of 400 images one is a quarter of a point.
    assertThat(Criteria.floatModel(92.00, 92.50, 400).met()).isTrue();
    assertThat(Criteria.floatModel(93.00, 92.50, 400).met()).isTrue();
    assertThat(Criteria.floatModel(91.75, 92.50, 400).met()).isFalse();
    assertThat(Criteria.floatModel(93.25, 92.50, 400).met()).isFalse();
  }

  @Test
  void equalSqnrOrKlIsNotBetter() {
    assertThat(met("w6a6", new Accuracy(68, 96, 0.0039, 20.01), 68))
        .containsExactly(true, true, true);
    assertThat(met("w6a6", new Accuracy(68, 96, 0.0040, 20.00), 68))
        .containsExactly(false, false, true);
  }

  @Test
  void top1IsComparedWithTheLowerOfFloatAndReleased() {
    assertThat(met("w4a8", new Accuracy(66.5, 96, 0.001, 30), 68).get(2)).isTrue();
    assertThat(met("w4a8", new Accuracy(66.4, 96, 0.001, 30), 68).get(2)).isFalse();
    assertThat(met("w4a8", new Accuracy(65.5, 96, 0.001, 30), 66).get(2)).isTrue();
    assertThat(met("w4a8", new Accuracy(65.4, 96, 0.001, 30), 66).get(2)).isFalse();
  }

  @Test
  void fourBitsMayLoseAPointToReleased() {
    assertThat(met("w4a4", new Accuracy(66.0, 96, 0.001, 30), 60).get(2)).isTrue();
    assertThat(met("w4a4", new Accuracy(65.9, 96, 0.001, 30), 60).get(2)).isFalse();
  }

  @Test
  void eightBitsStayNearFloatOnBothSides() {
    assertThat(met("w8a8", new Accuracy(68.3, 99, 0.001, 30), 68))
        .containsExactly(true, true, true, true);
    assertThat(met("w8a8", new Accuracy(68.4, 99, 0.001, 30), 68).get(3)).isFalse();
    assertThat(met("w8a8", new Accuracy(67.6, 99, 0.001, 30), 68).get(3)).isFalse();
  }

  @Test
  void sentencesNameTheFigures() {
    assertThat(
            Criteria.variant(
                "w6a6", new Accuracy(68, 96, 0.0039, 21.5), RELEASED, 68, Sample.VIM_NANO))
        .first()
        .extracting(Verdict::sentence)
        .isEqualTo("W6A6: SQNR 21.50 dB is above the released recipe's 20.00");
  }
}
