package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Moves, tables, means, factors and rotations of rows, by hand and by finite differences. */
class RowsTest {
  private final Parallel parallel = new Parallel(2);
  private final Rows rows = new Rows(parallel);

  @AfterEach
  void close() {
    parallel.close();
  }

  @Test
  void biasAndTable() {
    float[] y = {1, 2, 3, 4, 5, 6, 7, 8};
    rows.addBias(4, 2, new float[] {10, 20}, y);
    assertThat(y).containsExactly(11, 22, 13, 24, 15, 26, 17, 28);

    float[] sum = new float[8];
    rows.addTable(4, 2, 2, new float[] {1, 2, 3, 4}, y, sum);
    assertThat(sum).containsExactly(12, 24, 16, 28, 16, 28, 20, 32);
  }

  @Test
  void channelsOutAndIn() {
    float[] x = {1, 2, 3, 4, 5, 6};
    float[] middle = new float[2];
    rows.takeChannels(2, 3, 1, 1, x, middle);
    assertThat(middle).containsExactly(2, 5);

    rows.addToChannels(2, 3, 2, 1, middle, x);
    assertThat(x).containsExactly(1, 2, 5, 4, 5, 11);
  }

  @Test
  void rowsMoveWithinTheirImage() {
    float[] x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float[] y = Values.gaussian(1, 16);
    rows.move(2, 3, new int[] {2, -1, 0, 1}, 2, x, y);
    assertThat(y).containsExactly(5, 6, 0, 0, 1, 2, 3, 4, 11, 12, 0, 0, 7, 8, 9, 10);
  }

  @Test
  void meansByHand() {
    float[] y = new float[4];
    rows.mean(2, 2, 2, new float[] {1, 2, 3, 8, -1, 0, 5, 1}, y);
    assertThat(y).containsExactly(2, 5, 2, 0.5f);

    float[] gx = Values.gaussian(1, 8);
    rows.meanGradient(2, 2, 2, new float[] {1, 2, 3, 4}, gx);
    assertThat(gx).containsExactly(0.5f, 1, 0.5f, 1, 1.5f, 2, 1.5f, 2);
  }

  @Test
  void meansOfManyTokensLoseNothing() {
    float[] x = new float[100_000];
    Arrays.fill(x, 0.1f);
    float[] y = new float[1];
    rows.mean(1, x.length, 1, x, y);
    assertThat(y[0]).isEqualTo(0.1f);
  }

  @Test
  void factorsByHand() {
    float[] x = {1, 2, 3, 4, 5, 6, 7, 8};
    float[] factors = {10, 1, 2, -1};
    float[] y = new float[8];
    rows.scale(2, 2, 2, x, factors, y);
    assertThat(y).containsExactly(10, 2, 30, 4, 10, -6, 14, -8);

    float[] gf = new float[4];
    rows.scaleGradient(2, 2, 2, x, new float[] {1, 1, 2, 0, 1, 2, 3, 4}, gf);
    assertThat(gf).containsExactly(7, 2, 26, 44);
  }

  @Test
  void rotationsByHand() {
    float[] cos = {0, 0, 1, 0.5f};
    float[] sin = {1, 1, 0, 2};
    float[] y = new float[4];
    rows.rotate(2, 2, cos, sin, new float[] {3, 4, 5, 6}, y);
    // A quarter turn, then: 5 * 1 - 6 * 0 and 6 * 0.5 + 5 * 2.
    assertThat(y).containsExactly(-4, 3, 5, 13);
  }

  @ParameterizedTest
  @CsvSource({"1,1,2", "2,3,8", "3,5,14"})
  void rotationsHaveTheirGradient(int images, int tokens, int channels) {
    float[] cos = Values.gaussian(1, tokens * channels);
    float[] sin = Values.gaussian(2, tokens * channels);
    float[] x = Values.gaussian(3, images * tokens * channels);
    float[] gy = Values.gaussian(4, x.length);
    float[] gx = Values.gaussian(5, x.length);
    rows.rotateGradient(images * tokens, channels, cos, sin, gy, gx);
    double[] expected =
        FiniteDifferences.gradient(
            Values.doubles(x),
            point -> {
              double[] y = new double[point.length];
              for (int i = 0; i < y.length; i++) {
                int t = i % cos.length;
                y[i] = point[i] * cos[t] + (i % 2 == 0 ? -point[i + 1] : point[i - 1]) * sin[t];
              }
              return FiniteDifferences.dot(gy, y);
            });
    assertThat(Values.relativeError(gx, expected)).isCloseTo(0, within(1e-6));
  }
}
