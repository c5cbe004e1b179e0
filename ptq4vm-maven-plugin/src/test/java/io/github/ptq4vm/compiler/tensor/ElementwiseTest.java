package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Norm, gate, sums and moves of rows, with gradients against finite differences. */
class ElementwiseTest {
  private static final float EPS = 1e-5f;

  private final Parallel parallel = new Parallel(2);
  private final Elementwise elementwise = new Elementwise(parallel);

  @AfterEach
  void close() {
    parallel.close();
  }

  private static double[] norm(int channels, float[] weight, double[] x) {
    double[] y = new double[x.length];
    for (int start = 0; start < x.length; start += channels) {
      double squares = 0;
      for (int c = 0; c < channels; c++) {
        squares += x[start + c] * x[start + c];
      }
      double scale = 1 / Math.sqrt(squares / channels + EPS);
      for (int c = 0; c < channels; c++) {
        y[start + c] = x[start + c] * scale * weight[c];
      }
    }
    return y;
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  private static double[] gate(double[] x, double[] z) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = x[i] * silu(z[i]);
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,7", "5,8", "4,33", "2,192"})
  void rmsNorm(int rows, int channels) {
    float[] weight = Values.uniform(1, channels, 0.5, 1.5);
    float[] x = Values.gaussian(2, rows * channels);
    float[] gy = Values.gaussian(3, rows * channels);

    float[] y = new float[x.length];
    elementwise.rmsNorm(rows, channels, EPS, weight, x, y);
    assertThat(Values.relativeError(y, norm(channels, weight, Values.doubles(x)))).isLessThan(5e-7);

    float[] gx = Values.gaussian(4, x.length);
    elementwise.rmsNormGradient(rows, channels, EPS, weight, x, gy, gx);
    double[] expected =
        FiniteDifferences.gradient(
            Values.doubles(x), point -> FiniteDifferences.dot(gy, norm(channels, weight, point)));
    // With one channel the norm is almost a sign, whose gradient is what rounding leaves of it.
    assertThat(Values.relativeError(gx, expected)).isLessThan(channels == 1 ? 2e-2 : 1e-6);
  }

  @Test
  void rmsNormOfZerosIsZero() {
    float[] y = Values.gaussian(1, 16);
    elementwise.rmsNorm(2, 8, EPS, Values.uniform(2, 8, 0.5, 1), new float[16], y);
    assertThat(y).containsOnly(0f);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 1023, 1024, 1025, 3000})
  void gate(int size) {
    float[] x = Values.gaussian(1, size);
    float[] z = Values.uniform(2, size, -10, 10);
    float[] gy = Values.gaussian(3, size);

    float[] y = Values.gaussian(4, size);
    elementwise.gate(x, z, y, size);
    assertThat(Values.relativeError(y, gate(Values.doubles(x), Values.doubles(z))))
        .isLessThan(5e-7);

    float[] gx = Values.gaussian(5, size);
    float[] gz = Values.gaussian(6, size);
    elementwise.gateGradient(x, z, gy, gx, gz, size);
    double[] expectedX = new double[size];
    double[] expectedZ = new double[size];
    for (int i = 0; i < size; i++) {
      double h = 1e-5;
      expectedX[i] = gy[i] * silu(z[i]);
      expectedZ[i] = gy[i] * x[i] * (silu(z[i] + h) - silu(z[i] - h)) / (2 * h);
    }
    assertThat(Values.relativeError(gx, expectedX)).isLessThan(1e-6);
    assertThat(Values.relativeError(gz, expectedZ)).isLessThan(1e-6);
  }

  @ParameterizedTest
  @CsvSource({"3,2,19", "0,5,16", "4,0,8"})
  void siluWritesOnlyItsRange(int before, int after, int size) {
    float[] original = Values.gaussian(1, before + size + after);
    float[] x = original.clone();
    Elementwise.silu(x, before, size);
    for (int i = 0; i < x.length; i++) {
      if (i < before || i >= before + size) {
        assertThat(x[i]).isEqualTo(original[i]);
      } else {
        assertThat(Math.abs(x[i] - silu(original[i]))).isLessThan(3e-7);
      }
    }
  }

  @Test
  void mergeSumsThenScales() {
    float[] y = new float[2000];
    float[] a = Values.gaussian(1, 2000);
    float[] b = Values.gaussian(2, 2000);
    elementwise.merge(List.of(a, b), 0.5f, y, 2000);
    for (int i = 0; i < y.length; i++) {
      assertThat(y[i]).isEqualTo((a[i] + b[i]) * 0.5f);
    }
    elementwise.merge(List.of(a, b, a), 1f, y, 2000);
    assertThat(y[1999]).isEqualTo(a[1999] + b[1999] + a[1999]);
  }

  @Test
  void accumulateAdds() {
    float[] y = Values.gaussian(1, 1500);
    float[] before = y.clone();
    float[] x = Values.gaussian(2, 1500);
    elementwise.accumulate(x, y, 1500);
    for (int i = 0; i < y.length; i++) {
      assertThat(y[i]).isEqualTo(before[i] + x[i]);
    }
  }

  @Test
  void biasAndTable() {
    float[] y = {1, 2, 3, 4, 5, 6, 7, 8};
    elementwise.addBias(4, 2, new float[] {10, 20}, y);
    assertThat(y).containsExactly(11, 22, 13, 24, 15, 26, 17, 28);

    float[] sum = new float[8];
    elementwise.addTable(4, 2, 2, new float[] {1, 2, 3, 4}, y, sum);
    assertThat(sum).containsExactly(12, 24, 16, 28, 16, 28, 20, 32);
  }

  @Test
  void channelsOutAndIn() {
    float[] x = {1, 2, 3, 4, 5, 6};
    float[] middle = new float[2];
    elementwise.takeChannels(2, 3, 1, 1, x, middle);
    assertThat(middle).containsExactly(2, 5);

    elementwise.addToChannels(2, 3, 2, 1, middle, x);
    assertThat(x).containsExactly(1, 2, 5, 4, 5, 11);
  }

  @Test
  void rowsMoveWithinTheirImage() {
    float[] x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float[] y = Values.gaussian(1, 16);
    elementwise.moveRows(2, 3, new int[] {2, -1, 0, 1}, 2, x, y);
    assertThat(y).containsExactly(5, 6, 0, 0, 1, 2, 3, 4, 11, 12, 0, 0, 7, 8, 9, 10);
  }
}
