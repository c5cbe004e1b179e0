package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.Values;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products against sums of fused products, one element at a time. */
class PanelTest {

  private static double[] numbers(long seed, int count) {
    return Values.doubles(Values.gaussian(seed, count));
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "4,3,8", "5,300,17", "64,513,64", "3,256,31", "9,7,100", "2,0,5"})
  void takesProductsAway(int targets, int terms, int width) {
    int targetStride = width + 3;
    int factorStride = terms + 2;
    int rowStride = width + 1;
    double[] target = numbers(1, 5 + targets * targetStride);
    double[] factors = numbers(2, 7 + targets * factorStride);
    double[] rows = numbers(3, 2 + Math.max(1, terms) * rowStride);
    double[] expected = target.clone();
    for (int t = 0; t < targets; t++) {
      for (int g = 0; g < width; g++) {
        double sum = target[5 + t * targetStride + g];
        for (int j = 0; j < terms; j++) {
          sum = Math.fma(-factors[7 + t * factorStride + j], rows[2 + j * rowStride + g], sum);
        }
        expected[5 + t * targetStride + g] = sum;
      }
    }
    double[] untouched = factors.clone();

    Panel.subtract(
        new Panel.View(target, 5, targetStride),
        new Panel.View(factors, 7, factorStride),
        new Panel.View(rows, 2, rowStride),
        targets,
        terms,
        width);

    assertThat(target).containsExactly(expected);
    assertThat(Arrays.equals(factors, untouched)).isTrue();
  }
}
