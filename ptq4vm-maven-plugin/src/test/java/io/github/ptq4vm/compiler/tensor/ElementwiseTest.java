package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.network.Activation;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gates and sums, with gradients against finite differences. */
class ElementwiseTest {
  private final Parallel parallel = new Parallel(2);
  private final Elementwise elementwise = new Elementwise(parallel);

  @AfterEach
  void close() {
    parallel.close();
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

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activate(Activation activation) {
    for (int size : new int[] {1, 9, 1024, 2077}) {
      float[] x = Values.uniform(1, size, -6, 6);
      float[] gy = Values.gaussian(2, size);
      float[] y = Values.gaussian(3, size);
      float[] gx = Values.gaussian(4, size);
      elementwise.activate(activation, x, y, size);
      elementwise.activateGradient(activation, x, gy, gx, size);
      float[] expected = x.clone();
      float[] expectedGradient = x.clone();
      // A block at a time ends at the same places as the whole.
      Activations.apply(activation, expected, 0, size);
      Activations.gradient(activation, expectedGradient, 0, gy, 0, size);
      assertThat(y).containsExactly(expected);
      assertThat(gx).containsExactly(expectedGradient);
    }
  }
}
