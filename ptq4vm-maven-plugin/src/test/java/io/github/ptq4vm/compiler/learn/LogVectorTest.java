package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** How positive numbers learn. */
class LogVectorTest {

  @Test
  void theFirstStepMovesByTheRate() {
    // Adam's first step is the rate, whatever the size of the gradient; the unit is one code of 10.
    LogVector vector = new LogVector(new float[] {2, 2, 2}, 10);
    vector.gradient()[0] = 1e-6;
    vector.gradient()[1] = -1e6;
    vector.step(1, 0.3);
    assertThat(vector.values()[0]).isCloseTo((float) (2 * Math.exp(-0.03)), within(1e-5f));
    assertThat(vector.values()[1]).isCloseTo((float) (2 * Math.exp(0.03)), within(1e-5f));
    assertThat(vector.values()[2]).isEqualTo(2);
    assertThat(vector.gradient()).containsOnly(0);
  }

  @Test
  void staysPositive() {
    LogVector vector = new LogVector(new float[] {1e-6f}, 15);
    for (int step = 1; step <= 200; step++) {
      vector.gradient()[0] = 1;
      vector.step(step, 2);
    }
    assertThat(vector.values()[0]).isPositive().isLessThan(1e-15f);
  }

  @Test
  void goesAShareOfTheWayToTheMeanOfWhatItRemembered() {
    LogVector vector = new LogVector(new float[] {3, 4}, 15);
    double mean = 0;
    for (int step = 1; step <= 4; step++) {
      vector.gradient()[0] = step % 2 == 0 ? 1 : -3;
      vector.step(step, 0.5);
      if (step > 1) {
        vector.remember();
        mean += Math.log(vector.values()[0] / 3.0) / 3;
      }
    }
    assertThat(Math.abs(mean)).isGreaterThan(0.01);
    for (double share : new double[] {1, 0.25, 0}) {
      vector.goTowardsMean(share);
      assertThat(vector.values()[0]).isCloseTo((float) (3 * Math.exp(share * mean)), within(1e-5f));
      assertThat(vector.values()[1]).isEqualTo(4);
    }
  }

  @Test
  void doesNotChangeWhatItStartedFrom() {
    float[] start = {1, 2};
    LogVector vector = new LogVector(start, 15);
    vector.gradient()[0] = 1;
    vector.step(1, 1);
    assertThat(start).containsExactly(1, 2);
  }
}
