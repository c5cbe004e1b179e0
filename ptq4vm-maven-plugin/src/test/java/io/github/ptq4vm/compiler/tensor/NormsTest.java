package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Norms against their formulas in double precision, gradients against finite differences. */
class NormsTest {
  private static final float EPS = 1e-5f;

  private final Parallel parallel = new Parallel(2);
  private final Norms norms = new Norms(parallel);

  @AfterEach
  void close() {
    parallel.close();
  }

  private static double[] rms(int channels, float[] weight, double[] x) {
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

  private static double[] layer(int channels, float[] weight, float[] bias, double[] x) {
    double[] y = new double[x.length];
    for (int start = 0; start < x.length; start += channels) {
      double mean = 0;
      for (int c = 0; c < channels; c++) {
        mean += x[start + c] / channels;
      }
      double variance = 0;
      for (int c = 0; c < channels; c++) {
        variance += (x[start + c] - mean) * (x[start + c] - mean) / channels;
      }
      for (int c = 0; c < channels; c++) {
        y[start + c] = (x[start + c] - mean) / Math.sqrt(variance + EPS) * weight[c] + bias[c];
      }
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,7", "5,8", "4,33", "2,192"})
  void rms(int rows, int channels) {
    float[] weight = Values.uniform(1, channels, 0.5, 1.5);
    float[] x = Values.gaussian(2, rows * channels);
    float[] gy = Values.gaussian(3, rows * channels);

    float[] y = new float[x.length];
    norms.rms(rows, channels, EPS, weight, x, y);
    assertThat(Values.relativeError(y, rms(channels, weight, Values.doubles(x)))).isLessThan(5e-7);

    float[] gx = Values.gaussian(4, x.length);
    norms.rmsGradient(rows, channels, EPS, weight, x, gy, gx);
    double[] expected =
        FiniteDifferences.gradient(
            Values.doubles(x), point -> FiniteDifferences.dot(gy, rms(channels, weight, point)));
    // With one channel the norm is almost a sign, whose gradient is what rounding leaves of it.
    assertThat(Values.relativeError(gx, expected)).isLessThan(channels == 1 ? 2e-2 : 1e-6);
  }

  @Test
  void rmsOfZerosIsZero() {
    float[] y = Values.gaussian(1, 16);
    norms.rms(2, 8, EPS, Values.uniform(2, 8, 0.5, 1), new float[16], y);
    assertThat(y).containsOnly(0f);
  }

  @Test
  void layerByHand() {
    float[] y = new float[3];
    norms.layer(
        1, 3, 0f, new float[] {1, 2, 1}, new float[] {0, 0.5f, -1}, new float[] {1, 4, 7}, y);
    float unit = (float) Math.sqrt(1.5);
    assertThat(y).containsExactly(new float[] {-unit, 0.5f, unit - 1}, within(1e-6f));
  }

  @ParameterizedTest
  @CsvSource({"3,2,0", "3,7,0", "5,8,0.5", "4,33,-3", "2,192,10"})
  void layer(int rows, int channels, float level) {
    float[] weight = Values.uniform(1, channels, 0.5, 1.5);
    float[] bias = Values.gaussian(2, channels);
    float[] x = Values.uniform(3, rows * channels, level - 1, level + 1);
    float[] gy = Values.gaussian(4, rows * channels);

    float[] y = Values.gaussian(5, x.length);
    norms.layer(rows, channels, EPS, weight, bias, x, y);
    double[] exact = layer(channels, weight, bias, Values.doubles(x));
    assertThat(Values.relativeError(y, exact)).isLessThan(2e-6);

    float[] gx = Values.gaussian(6, x.length);
    norms.layerGradient(rows, channels, EPS, weight, x, gy, gx);
    double[] expected =
        FiniteDifferences.gradient(
            Values.doubles(x),
            point -> FiniteDifferences.dot(gy, layer(channels, weight, bias, point)));
    // Of two channels each is a sign again.
    assertThat(Values.relativeError(gx, expected)).isLessThan(channels == 2 ? 2e-2 : 2e-6);
  }

  @Test
  void layerOfAConstantIsTheBias() {
    float[] y = new float[9];
    float[] x = {3, 3, 3, 3, 3, 3, 3, 3, 3};
    float[] bias = Values.gaussian(1, 9);
    norms.layer(1, 9, EPS, Values.gaussian(2, 9), bias, x, y);
    assertThat(y).containsExactly(bias);
  }
}
