package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The selective scan against hand-worked examples and a recurrence in double precision. */
class ScanKernelTest {
  private final Parallel parallel = new Parallel(2);

  @AfterEach
  void close() {
    parallel.close();
  }

  /** What one test scans: sizes, parameters and inputs. */
  private record Case(
      int images,
      int tokens,
      int channels,
      int states,
      float[] aLog,
      float[] skip,
      float[] u,
      float[] dt,
      float[] b,
      float[] c) {

    static Case random(int images, int tokens, int channels, int states) {
      int rows = images * tokens;
      return new Case(
          images,
          tokens,
          channels,
          states,
          Values.uniform(1, channels * states, -0.5, 2.8),
          Values.uniform(2, channels, 0.5, 1.5),
          Values.gaussian(3, rows * channels),
          Values.uniform(4, rows * channels, -4, 2),
          Values.gaussian(5, rows * states),
          Values.gaussian(6, rows * states));
    }

    ScanKernel kernel() {
      return new ScanKernel(tokens, channels, states, aLog, skip);
    }

    float[] run(Parallel parallel) {
      float[] y = new float[u.length];
      kernel().forward(parallel, images, u, dt, b, c, y);
      return y;
    }

    /** The recurrence as it is written down, in double precision. */
    double[] exact(double[] u, double[] dt, double[] b, double[] c) {
      double[] y = new double[u.length];
      for (int image = 0; image < images; image++) {
        for (int d = 0; d < channels; d++) {
          double[] h = new double[states];
          for (int t = 0; t < tokens; t++) {
            int i = (image * tokens + t) * channels + d;
            double delta = Math.log1p(Math.exp(dt[i]));
            y[i] = skip[d] * u[i];
            for (int n = 0; n < states; n++) {
              int j = (image * tokens + t) * states + n;
              double a = -Math.exp(aLog[d * states + n]);
              h[n] = Math.exp(delta * a) * h[n] + delta * b[j] * u[i];
              y[i] += c[j] * h[n];
            }
          }
        }
      }
      return y;
    }
  }

  @Test
  void oneStateByHand() {
    float dt = (float) Math.log(Math.E - 1); // delta = 1
    Case scan =
        new Case(
            1,
            3,
            1,
            1,
            new float[] {0},
            new float[] {0.5f},
            new float[] {1, 2, 3},
            new float[] {dt, dt, dt},
            new float[] {1, 1, 1},
            new float[] {1, 1, 1});
    assertThat(scan.run(parallel))
        .containsExactly(new float[] {1.5f, 3.36787944f, 5.37109417f}, within(2e-6f));
  }

  @Test
  void twoStatesByHand() {
    Case scan =
        new Case(
            1,
            2,
            1,
            2,
            new float[] {0, (float) Math.log(2)},
            new float[] {1},
            new float[] {1, -1},
            new float[] {0.6f, -0.4f},
            new float[] {1, 0.5f, 2, -1},
            new float[] {1, 2, 1, 0.5f});
    assertThat(scan.run(parallel))
        .containsExactly(new float[] {3.0749759f, -1.05542574f}, within(2e-6f));
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,1", "1,13,1,16", "3,13,7,1", "3,5,8,16", "2,9,9,3", "2,33,19,16", "1,4,64,2"})
  void forwardFollowsTheRecurrence(int images, int tokens, int channels, int states) {
    Case scan = Case.random(images, tokens, channels, states);
    double[] expected =
        scan.exact(
            Values.doubles(scan.u),
            Values.doubles(scan.dt),
            Values.doubles(scan.b),
            Values.doubles(scan.c));
    assertThat(Values.relativeError(scan.run(parallel), expected)).isLessThan(1e-6);
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,1", "1,7,1,16", "3,6,7,1", "2,5,8,16", "2,9,9,3", "1,6,19,16"})
  void backwardIsTheGradient(int images, int tokens, int channels, int states) {
    Case scan = Case.random(images, tokens, channels, states);
    double[] u = Values.doubles(scan.u);
    double[] dt = Values.doubles(scan.dt);
    double[] b = Values.doubles(scan.b);
    double[] c = Values.doubles(scan.c);
    float[] gy = Values.gaussian(7, u.length);

    // Arrays come back from a pool: what they held before must not show.
    ScanKernel.Gradients gradients =
        new ScanKernel.Gradients(
            Values.gaussian(8, u.length),
            Values.gaussian(9, u.length),
            Values.gaussian(10, b.length),
            Values.gaussian(11, b.length));
    scan.kernel().backward(parallel, images, scan.u, scan.dt, scan.b, scan.c, gy, gradients);

    check("u", gradients.u(), u, point -> FiniteDifferences.dot(gy, scan.exact(point, dt, b, c)));
    check("dt", gradients.dt(), dt, point -> FiniteDifferences.dot(gy, scan.exact(u, point, b, c)));
    check("B", gradients.b(), b, point -> FiniteDifferences.dot(gy, scan.exact(u, dt, point, c)));
    check("C", gradients.c(), c, point -> FiniteDifferences.dot(gy, scan.exact(u, dt, b, point)));
  }

  private static void check(
      String name, float[] actual, double[] point, ToDoubleFunction<double[]> loss) {
    assertThat(Values.relativeError(actual, FiniteDifferences.gradient(point, loss)))
        .as("relative error of the gradient of %s", name)
        .isLessThan(2e-6);
  }

  @Test
  void stepSizesAboveTheThresholdPassUnchanged() {
    float[] dt = {20.5f, 19.5f, 30f};
    Case scan =
        new Case(
            1,
            3,
            1,
            1,
            new float[] {-5},
            new float[] {0},
            new float[] {1, 1, 1},
            dt,
            new float[] {1, 1, 1},
            new float[] {1, 0, 0});
    assertThat(scan.run(parallel)[0]).isEqualTo(20.5f);
  }

  @Test
  void imagesDoNotSeeEachOther() {
    Case batch = Case.random(3, 11, 9, 4);
    float[] together = batch.run(parallel);
    for (int image = 0; image < 3; image++) {
      int start = image * 11 * 9;
      Case alone =
          new Case(
              1,
              11,
              9,
              4,
              batch.aLog,
              batch.skip,
              Arrays.copyOfRange(batch.u, start, start + 99),
              Arrays.copyOfRange(batch.dt, start, start + 99),
              Arrays.copyOfRange(batch.b, image * 44, image * 44 + 44),
              Arrays.copyOfRange(batch.c, image * 44, image * 44 + 44));
      assertThat(alone.run(parallel))
          .containsExactly(Arrays.copyOfRange(together, start, start + 99));
    }
  }
}
