package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Logits of the authors' own code for filler weights and the filler image. */
class LogitsTest {
  private static final float[] FIRST = {
    -0.403552f, -0.347227f, -0.694113f, -0.254997f, 0.807836f, -0.80455f, 0.690126f, 0.225452f
  };
  private static final double SUM = -1.10879;
  private static final double L2 = 18.458261;

  @Test
  void vimTinyAgreesWithTheAuthorsCode() {
    Map<String, float[]> outputs = LogitsCommand.outputs(FillerModels.byName("vim_tiny"), 2);

    float[] logits = outputs.get("head");
    assertThat(outputs).hasSize(26);
    assertThat(logits).hasSize(1000);
    // The spec expects implementations to agree to 1e-5 a logit; the sum has a thousand of them.
    assertThat(Arrays.copyOf(logits, FIRST.length)).containsExactly(FIRST, within(1e-5f));
    double sum = 0;
    double squares = 0;
    for (float logit : logits) {
      sum += logit;
      squares += (double) logit * logit;
    }
    assertThat(sum).isCloseTo(SUM, within(1e-2));
    assertThat(Math.sqrt(squares)).isCloseTo(L2, within(1e-4));
  }
}
