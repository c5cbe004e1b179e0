package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The loss by hand, and its gradient. */
class CosineLossTest {
  private final Parallel parallel = new Parallel(2);

  @AfterEach
  void close() {
    parallel.close();
  }

  private double loss(float[] target, float[] output, int channels) {
    return CosineLoss.evaluate(parallel, target, output, channels, new float[0]);
  }

  static double exact(float[] target, double[] output, int channels) {
    double loss = 0;
    for (int start = 0; start < output.length; start += channels) {
      double tt = 0;
      double yy = 0;
      double ty = 0;
      for (int i = start; i < start + channels; i++) {
        tt += (double) target[i] * target[i];
        yy += output[i] * output[i];
        ty += target[i] * output[i];
      }
      loss += 1 - ty / Math.sqrt(tt * yy);
    }
    return loss * channels / output.length;
  }

  @Test
  void measuresAnglesBetweenRows() {
    float[] target = {1, 0, 0, 2};
    assertThat(loss(target, new float[] {5, 0, 0, 0.1f}, 2)).isCloseTo(0, within(1e-12));
    assertThat(loss(target, new float[] {0, 1, 0, 1}, 2)).isCloseTo(0.5, within(1e-12));
    assertThat(loss(target, new float[] {-1, 0, 0, -1}, 2)).isCloseTo(2, within(1e-12));
    assertThat(loss(target, new float[] {1, 1, 1, 1}, 2))
        .isCloseTo(1 - Math.sqrt(0.5), within(1e-9));
  }

  @Test
  void aRowOfZerosCostsOneAndDoesNotSpread() {
    float[] gradient = new float[2];
    double loss = CosineLoss.evaluate(parallel, new float[] {1, 1}, new float[2], 2, gradient);
    assertThat(loss).isEqualTo(1);
    assertThat(gradient[0]).isFinite();
  }

  @Test
  void gradient() {
    int channels = 13;
    float[] target = Values.gaussian(1, 7 * channels);
    float[] output = Values.gaussian(2, 7 * channels);
    float[] gradient = new float[output.length];
    double loss = CosineLoss.evaluate(parallel, target, output, channels, gradient);
    assertThat(loss).isCloseTo(exact(target, Values.doubles(output), channels), within(1e-12));
    double[] expected =
        FiniteDifferences.gradient(Values.doubles(output), point -> exact(target, point, channels));
    assertThat(Values.relativeError(gradient, expected)).isLessThan(1e-6);
  }
}
