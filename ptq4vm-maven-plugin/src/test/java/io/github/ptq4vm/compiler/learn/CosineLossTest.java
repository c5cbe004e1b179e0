package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import java.util.Arrays;
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
    return CosineLoss.evaluate(
        parallel, target, output, even(output.length / channels), channels, new float[0]);
  }

  static float[] even(int rows) {
    float[] ones = new float[rows];
    Arrays.fill(ones, 1f);
    return ones;
  }

  @Test
  void rowsCountByTheirWeight() {
    float[] target = Values.gaussian(1, 15);
    float[] output = Values.gaussian(2, 15);
    float[] weights = {2, 0, 0.5f};
    double[] single = new double[3];
    float[] gradient = new float[15];
    double loss = CosineLoss.evaluate(parallel, target, output, weights, 5, gradient);
    for (int row = 0; row < 3; row++) {
      float[] one = Arrays.copyOfRange(target, row * 5, row * 5 + 5);
      float[] other = Arrays.copyOfRange(output, row * 5, row * 5 + 5);
      float[] own = new float[5];
      single[row] = CosineLoss.evaluate(parallel, one, other, even(1), 5, own);
      for (int i = 0; i < 5; i++) {
        assertThat(gradient[row * 5 + i]).isCloseTo(own[i] * weights[row] / 3, within(1e-7f));
      }
    }
    assertThat(loss).isCloseTo((2 * single[0] + 0.5 * single[2]) / 3, within(1e-9));
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
    double loss =
        CosineLoss.evaluate(parallel, new float[] {1, 1}, new float[2], even(1), 2, gradient);
    assertThat(loss).isEqualTo(1);
    assertThat(gradient[0]).isFinite();
  }

  @Test
  void gradient() {
    int channels = 13;
    float[] target = Values.gaussian(1, 7 * channels);
    float[] output = Values.gaussian(2, 7 * channels);
    float[] gradient = new float[output.length];
    double loss = CosineLoss.evaluate(parallel, target, output, even(7), channels, gradient);
    assertThat(loss).isCloseTo(exact(target, Values.doubles(output), channels), within(1e-12));
    double[] expected =
        FiniteDifferences.gradient(Values.doubles(output), point -> exact(target, point, channels));
    assertThat(Values.relativeError(gradient, expected)).isLessThan(1e-6);
  }
}
