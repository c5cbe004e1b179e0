package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Solutions solve, whatever the size of the blocks and the number of threads. */
class CholeskyTest {

  /** Second moments of rows whose channels are of very different size. */
  static double[] moments(long seed, int rows, int size) {
    float[] x = Values.gaussian(seed, rows * size);
    double[] moments = new double[size * size];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          moments[i * size + j] +=
              (double) x[row * size + i] * x[row * size + j] * (1 + i % 7) * (1 + j % 7);
        }
      }
    }
    return moments;
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "5,3,1", "64,2,2", "65,70,2", "150,129,3", "200,1,2"})
  void solves(int size, int columns, int threads) {
    double[] matrix = moments(size, 2 * size, size);
    double[] wanted = Values.doubles(Values.gaussian(3, size * columns));
    double damping = 0.1;
    double mean = 0;
    for (int i = 0; i < size; i++) {
      mean += matrix[i * size + i] / size;
    }
    double[] b = new double[size * columns];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        double a = matrix[i * size + j] + (i == j ? damping * mean : 0);
        for (int c = 0; c < columns; c++) {
          b[i * columns + c] += a * wanted[j * columns + c];
        }
      }
    }
    try (Parallel parallel = new Parallel(threads)) {
      Cholesky.of(parallel, matrix, size, damping).solve(parallel, b, columns);
    }
    assertThat(Values.relativeError(b, wanted)).isLessThan(1e-10);
  }

  @Test
  void threadsDoNotMatter() {
    double[] matrix = moments(1, 200, 150);
    double[] one = new double[150 * 5];
    Arrays.setAll(one, i -> i % 13 - 6);
    double[] three = one.clone();
    try (Parallel parallel = new Parallel(1)) {
      Cholesky.of(parallel, matrix, 150, 0.01).solve(parallel, one, 5);
    }
    try (Parallel parallel = new Parallel(3)) {
      Cholesky.of(parallel, matrix, 150, 0.01).solve(parallel, three, 5);
    }
    assertThat(three).containsExactly(one);
  }

  @Test
  void deadChannelsAreHeldByTheDamping() {
    double[] matrix = {4, 0, 0, 0};
    double[] b = {8.02, 1};
    try (Parallel parallel = new Parallel(1)) {
      Cholesky.of(parallel, matrix, 2, 0.005).solve(parallel, b, 1);
      assertThat(b).containsExactly(new double[] {8.02 / 4.01, 100}, within(1e-9));
      double[] nothing = {3, 4};
      Cholesky.of(parallel, new double[4], 2, 0.01).solve(parallel, nothing, 1);
      assertThat(nothing).containsExactly(3, 4);
    }
  }

  @Test
  void saysThatInputsAreNotFinite() {
    try (Parallel parallel = new Parallel(1)) {
      assertThatThrownBy(() -> Cholesky.of(parallel, new double[] {Double.NaN}, 1, 0.01))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not finite");
    }
  }
}
