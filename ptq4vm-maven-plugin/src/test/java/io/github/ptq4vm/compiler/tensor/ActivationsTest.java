package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.ExactActivation;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.network.Activation;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Activations against their definitions in double precision, slopes against differences. */
class ActivationsTest {
  private static DoubleUnaryOperator exact(Activation activation) {
    return x -> ExactActivation.of(activation, x);
  }

  @Test
  void theOracleKnowsThePublishedTable() {
    assertThat(ExactActivation.below(0)).isEqualTo(0.5);
    assertThat(ExactActivation.below(1)).isCloseTo(0.8413447460685429, within(1e-15));
    assertThat(ExactActivation.below(-2)).isCloseTo(0.022750131948179, within(1e-15));
    assertThat(ExactActivation.below(4)).isCloseTo(0.9999683287581669, within(1e-15));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void functionAndSlope(Activation activation) {
    int size = 100_003;
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = -12 + 24f * i / (size - 1);
    }
    float[] gy = Values.uniform(1, size, 0.5, 2);
    float[] y = x.clone();
    float[] gx = x.clone();
    Activations.apply(activation, y, 0, size);
    Activations.gradient(activation, gx, 0, gy, 0, size);
    DoubleUnaryOperator f = exact(activation);
    double worst = 0;
    double worstSlope = 0;
    for (int i = 0; i < size; i++) {
      double expected = f.applyAsDouble(x[i]);
      double h = 1e-4;
      double slope = (f.applyAsDouble(x[i] + h) - f.applyAsDouble(x[i] - h)) / (2 * h);
      worst = Math.max(worst, Math.abs(y[i] - expected) / Math.max(1, Math.abs(expected)));
      worstSlope = Math.max(worstSlope, Math.abs(gx[i] / gy[i] - slope));
    }
    assertThat(worst).as("error of the function").isLessThan(3e-7);
    assertThat(worstSlope).as("error of the slope").isLessThan(2e-6);
  }

  @Test
  void geluIsExactFarOut() {
    float[] x = {-200, -40, -15, 0, 15, 40, 200, 1e20f, -1e20f};
    float[] y = x.clone();
    Activations.apply(Activation.GELU, y, 0, y.length);
    assertThat(y).containsExactly(new float[] {0, 0, 0, 0, 15, 40, 200, 1e20f, 0}, within(1e-12f));
    float[] gx = x.clone();
    float[] ones = new float[x.length];
    Arrays.fill(ones, 1f);
    Activations.gradient(Activation.GELU, gx, 0, ones, 0, x.length);
    assertThat(gx).containsExactly(new float[] {0, 0, 0, 0.5f, 1, 1, 1, 1, 0}, within(1e-6f));
  }

  @ParameterizedTest
  @CsvSource({
    "SILU,3,2,19",
    "SILU,0,5,16",
    "GELU,4,0,8",
    "GELU,2,1,11",
    "SIGMOID,1,3,21",
    "NONE,1,3,21"
  })
  void onlyTheRangeIsWritten(Activation activation, int before, int after, int size) {
    float[] original = Values.gaussian(1, before + size + after);
    float[] gy = Values.gaussian(2, size + 7);
    float[] x = original.clone();
    float[] gx = original.clone();
    Activations.apply(activation, x, before, size);
    Activations.gradient(activation, gx, before, gy, 7, size);
    for (int i = 0; i < x.length; i++) {
      if (i < before || i >= before + size) {
        assertThat(x[i]).isEqualTo(original[i]);
        assertThat(gx[i]).isEqualTo(original[i]);
      } else {
        DoubleUnaryOperator f = exact(activation);
        double h = 1e-4;
        double slope =
            (f.applyAsDouble(original[i] + h) - f.applyAsDouble(original[i] - h)) / (2 * h);
        assertThat(x[i] - f.applyAsDouble(original[i])).isCloseTo(0, within(3e-7));
        assertThat(gx[i] - gy[i - before + 7] * slope).isCloseTo(0, within(2e-6));
      }
    }
  }

  /** A kernel is interpreted at first and compiled later; its results must not tell which. */
  @Test
  void compilingChangesNothing() {
    float[] x = Values.uniform(1, 4096, -8, 8);
    float[] first = x.clone();
    float[] firstSlopes = x.clone();
    Activations.apply(Activation.GELU, first, 0, x.length);
    Activations.gradient(Activation.GELU, firstSlopes, 0, x, 0, x.length);
    for (int i = 0; i < 300; i++) {
      float[] y = x.clone();
      float[] slopes = x.clone();
      Activations.apply(Activation.GELU, y, 0, x.length);
      Activations.gradient(Activation.GELU, slopes, 0, x, 0, x.length);
      assertThat(Arrays.equals(y, first) && Arrays.equals(slopes, firstSlopes)).isTrue();
    }
  }
}
