package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** Coordinate descent against errors summed up row by row, and against all codes there are. */
class CodeDescentTest {
  private static final double DAMPING = 0.01;
  private static final int LIMIT = 3;

  private record Problem(int channels, double[] moments, float[] weight, float[] steps) {

    static Problem of(long seed, int channels, int outputs) {
      float[] inputs = Values.gaussian(seed, 3 * channels * channels);
      double[] moments = new double[channels * channels];
      for (int row = 0; row < inputs.length; row += channels) {
        for (int i = 0; i < moments.length; i++) {
          // Neighbouring channels go together, so that codes depend on each other.
          double a = inputs[row + i / channels] + inputs[row];
          double b = inputs[row + i % channels] + inputs[row];
          moments[i] += a * b;
        }
      }
      float[] weight = Values.gaussian(seed + 1, outputs * channels);
      float[] steps = new float[outputs];
      Arrays.fill(steps, 0.5f);
      return new Problem(channels, moments, weight, steps);
    }

    byte[] nearest() {
      byte[] codes = new byte[weight.length];
      for (int i = 0; i < codes.length; i++) {
        double code = Math.rint(weight[i] / steps[i / channels]);
        codes[i] = (byte) Math.max(-LIMIT, Math.min(LIMIT, code));
      }
      return codes;
    }

    /** The error of a row, straight from its definition. */
    double error(int row, double step, byte[] codes) {
      double trace = 0;
      for (int c = 0; c < channels; c++) {
        trace += moments[c * channels + c];
      }
      double error = 0;
      for (int c = 0; c < channels; c++) {
        for (int d = 0; d < channels; d++) {
          double a = moments[c * channels + d] + (c == d ? DAMPING * trace / channels : 0);
          error += rest(row, step, codes, c) * a * rest(row, step, codes, d);
        }
      }
      return error;
    }

    private double rest(int row, double step, byte[] codes, int c) {
      return weight[row * channels + c] - step * codes[row * channels + c];
    }
  }

  private static void improve(Problem problem, float[] steps, byte[] codes, int threads) {
    try (Parallel parallel = new Parallel(threads)) {
      new CodeDescent(problem.moments, problem.channels, DAMPING)
          .improve(parallel, problem.weight, steps, codes, LIMIT);
    }
  }

  @Property(tries = 50)
  void noRowEverGetsWorseAndNoSingleCodeCouldBeBetter(
      @ForAll @LongRange(min = 0, max = 1000) long seed,
      @ForAll @IntRange(min = 1, max = 9) int k) {
    Problem problem = Problem.of(seed, k, 5);
    float[] steps = problem.steps.clone();
    byte[] codes = problem.nearest();
    improve(problem, steps, codes, 2);
    for (int row = 0; row < 5; row++) {
      double after = problem.error(row, steps[row], codes);
      assertThat(after)
          .isLessThanOrEqualTo(
              problem.error(row, problem.steps[row], problem.nearest()) * (1 + 1e-6));
      for (byte code : Arrays.copyOfRange(codes, row * k, (row + 1) * k)) {
        assertThat((int) code).isBetween(-LIMIT, LIMIT);
      }
      assertThat(steps[row]).isPositive();
    }
  }

  /** Of all codes of four channels at the step found, those found are not far from the best. */
  @Test
  void findsNearlyTheBestOfAllCodes() {
    int best = 0;
    for (int seed = 0; seed < 40; seed++) {
      Problem problem = Problem.of(seed, 4, 1);
      float[] steps = problem.steps.clone();
      byte[] codes = problem.nearest();
      improve(problem, steps, codes, 1);
      double found = problem.error(0, steps[0], codes);
      double least = Double.POSITIVE_INFINITY;
      byte[] trial = new byte[4];
      int count = 2 * LIMIT + 1;
      for (int n = 0; n < count * count * count * count; n++) {
        for (int c = 0, rest = n; c < 4; c++, rest /= count) {
          trial[c] = (byte) (rest % count - LIMIT);
        }
        least = Math.min(least, problem.error(0, steps[0], trial));
      }
      assertThat(found).isGreaterThanOrEqualTo(least * (1 - 1e-9));
      best += found <= least * (1 + 1e-9) ? 1 : 0;
    }
    assertThat(best).isGreaterThan(20);
  }

  /** No step of a fine grid serves the codes found better than the one found with them. */
  @Test
  void theStepIsTheBestForItsCodes() {
    Problem problem = Problem.of(7, 6, 4);
    float[] steps = problem.steps.clone();
    byte[] codes = problem.nearest();
    improve(problem, steps, codes, 1);
    for (int row = 0; row < 4; row++) {
      double found = problem.error(row, steps[row], codes);
      for (double factor = 0.5; factor < 1.5; factor += 0.001) {
        assertThat(problem.error(row, factor * steps[row], codes))
            .isGreaterThanOrEqualTo(found * (1 - 1e-6));
      }
    }
  }

  @Test
  void errorsAreThoseOfTheDefinition() {
    Problem problem = Problem.of(3, 6, 2);
    try (Parallel parallel = new Parallel(2)) {
      double[] errors =
          new CodeDescent(problem.moments, 6, DAMPING)
              .errors(parallel, problem.weight, problem.steps, problem.nearest());
      for (int row = 0; row < 2; row++) {
        double expected = problem.error(row, problem.steps[row], problem.nearest());
        assertThat(errors[row]).isCloseTo(expected, within(1e-9 * expected));
      }
    }
  }

  @Test
  void theSameWithAnyNumberOfThreads() {
    Problem problem = Problem.of(5, 9, 7);
    float[] one = problem.steps.clone();
    float[] three = problem.steps.clone();
    byte[] first = problem.nearest();
    byte[] second = problem.nearest();
    improve(problem, one, first, 1);
    improve(problem, three, second, 3);
    assertThat(second).isEqualTo(first);
    assertThat(three).isEqualTo(one);
    assertThat(first).isNotEqualTo(problem.nearest());
  }

  @Test
  void rowsWithoutCodesKeepTheirStep() {
    Problem problem = new Problem(3, new double[9], new float[3], new float[] {0.5f});
    float[] steps = problem.steps.clone();
    byte[] codes = new byte[3];
    improve(problem, steps, codes, 1);
    assertThat(steps).containsExactly(0.5f);
    assertThat(codes).containsOnly(0);
  }
}
