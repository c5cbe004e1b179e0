package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Values;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dynamic step sizes and zero points by the formulas of the documentation, and by hand. */
class DynamicScaleKernelTest {
  private final Parallel parallel = new Parallel(2);
  private final DynamicScaleKernel kernel = new DynamicScaleKernel(parallel);

  @AfterEach
  void close() {
    parallel.close();
  }

  @ParameterizedTest
  @CsvSource({"15,1,0.9", "15,37,0.85", "63,16,1", "255,96,1.05"})
  void followsTheFormula(int limit, int channels, float share) {
    int rows = 13;
    float[] x = Values.gaussian(channels, rows * channels);
    float[] reciprocal = Values.uniform(2, channels, 0.2, 3);
    for (int c = 0; c < channels; c++) {
      x[c] = Math.abs(x[c]);
      x[channels + c] = -Math.abs(x[channels + c]);
      x[2 * channels + c] = 0;
    }
    float[] step = new float[rows];
    int[] zeroPoint = new int[rows];
    kernel.scales(rows, channels, x, reciprocal, share, limit, step, zeroPoint);
    for (int row = 0; row < rows; row++) {
      float low = 0;
      float high = 0;
      for (int c = 0; c < channels; c++) {
        low = Math.min(low, x[row * channels + c] * reciprocal[c]);
        high = Math.max(high, x[row * channels + c] * reciprocal[c]);
      }
      low *= share;
      high *= share;
      float perCode = 1f / limit;
      float range = high - low;
      float expected = Math.max(range * perCode, 1e-8f);
      float inverse = 1f / expected;
      assertThat(step[row]).isEqualTo(expected);
      assertThat(zeroPoint[row]).isEqualTo((int) Math.min(limit, Math.rint(-low * inverse)));
    }
    assertThat(zeroPoint[0]).isZero();
    assertThat(zeroPoint[1]).isEqualTo(limit);
    assertThat(step[2]).isEqualTo(1e-8f);
    assertThat(zeroPoint[2]).isZero();
  }

  /** By hand: values -2, 1, 4, 3 of range 6, nine tenths of it over 15 codes. */
  @Test
  void theEndsGetTheGradientOfTheStep() {
    float[] x = {-4, 1, 4, 3};
    float[] reciprocal = {0.5f, 1, 1, 1};
    float[] step = new float[1];
    int[] zeroPoint = new int[1];
    kernel.scales(1, 4, x, reciprocal, 0.9f, 15, step, zeroPoint);
    assertThat(step[0]).isCloseTo(0.36f, within(1e-6f));
    assertThat(zeroPoint[0]).isEqualTo(5);

    float[] gx = {1, 1, 1, 1};
    double[] logSmoothing = {1, 1, 1, 1};
    double share =
        kernel.gradients(
            1, 4, x, reciprocal, 0.9f, 15, step, new double[] {0.72}, gx, logSmoothing);
    // d step = 2; an end moves it by 0.06.
    assertThat(share).isEqualTo(0.72);
    assertThat(gx).containsExactly(new float[] {1 - 0.06f, 1, 1 + 0.12f, 1}, within(1e-6f));
    assertThat(logSmoothing).containsExactly(new double[] {1 - 0.24, 1, 1 - 0.48, 1}, within(1e-6));
  }

  @Test
  void aRowOfZerosHasNoGradient() {
    float[] step = {1e-8f};
    double[] logSmoothing = new double[3];
    float[] gx = new float[3];
    double share =
        kernel.gradients(
            1,
            3,
            new float[3],
            new float[] {1, 1, 1},
            1f,
            15,
            step,
            new double[] {5},
            gx,
            logSmoothing);
    assertThat(share).isZero();
    assertThat(gx).containsOnly(0f);
    assertThat(logSmoothing).containsOnly(0);
  }
}
