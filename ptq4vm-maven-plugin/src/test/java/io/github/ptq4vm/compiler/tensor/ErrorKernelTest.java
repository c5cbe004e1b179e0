package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Values;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sums of powers of errors against {@link Math#pow}. */
class ErrorKernelTest {

  private static double exact(
      float[] x, int from, int count, float step, float low, float high, double power) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      double code = Math.max(low, Math.min(high, Math.rint((double) x[i] / step)));
      sum += Math.pow(Math.abs(x[i] - code * step), power);
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({
    "0,1,0.1,2.4",
    "3,7,0.05,2.4",
    "0,8,0.3,2",
    "5,1000,0.01,2.4",
    "1,999,0.2,2",
    "2,501,0.7,1",
    "0,1003,0.02,3.5"
  })
  void followsThePower(int from, int count, float step, float power) {
    float[] x = Values.gaussian(1, 1100);
    double expected = exact(x, from, count, step, -7, 8, power);
    assertThat(ErrorKernel.sum(x, from, count, step, -7, 8, power))
        .isCloseTo(expected, within(2e-5 * expected));
  }

  @Test
  void exactHitsCostNothing() {
    float[] codes = {-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
    float[] x = new float[codes.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = codes[i] * 0.5f;
    }
    assertThat(ErrorKernel.sum(x, 0, x.length, 0.5f, -7, 7, 2f)).isZero();
    assertThat(ErrorKernel.sum(x, 0, x.length, 0.5f, -7, 7, 2.4f)).isLessThan(1e-30);
  }

  @Test
  void clippedValuesCostTheirDistance() {
    float[] x = new float[20];
    x[4] = 10;
    x[19] = -10;
    assertThat(ErrorKernel.sum(x, 0, 20, 1f, -1, 2, 2f)).isEqualTo(64 + 81);
  }
}
