package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** Elementary functions against {@link Math} in double precision, on dense grids. */
class VectorMathTest {
  private static final int POINTS = 1 << 19;

  private static float[] grid(double low, double high) {
    float[] points = new float[POINTS];
    for (int i = 0; i < POINTS; i++) {
      points[i] = (float) (low + (high - low) * i / (POINTS - 1));
    }
    return points;
  }

  private static float[] apply(UnaryOperator<FloatVector> function, float[] points) {
    float[] results = new float[points.length];
    for (int i = 0; i < points.length; i += VectorMath.LANES) {
      function.apply(VectorMath.load(points, i)).intoArray(results, i);
    }
    return results;
  }

  /** Largest relative error over a grid. */
  private static double error(
      UnaryOperator<FloatVector> function, DoubleUnaryOperator exact, double low, double high) {
    float[] points = grid(low, high);
    float[] results = apply(function, points);
    double worst = 0;
    for (int i = 0; i < POINTS; i++) {
      double expected = exact.applyAsDouble(points[i]);
      worst = Math.max(worst, Math.abs((results[i] - expected) / expected));
    }
    return worst;
  }

  private static float at(UnaryOperator<FloatVector> function, float x) {
    float[] points = new float[VectorMath.LANES];
    points[VectorMath.LANES - 1] = x;
    return apply(function, points)[VectorMath.LANES - 1];
  }

  @Test
  void exponentialIsWithinItsBound() {
    assertThat(error(VectorMath::exp, Math::exp, -87, 88)).isLessThan(2.5e-7);
    assertThat(error(VectorMath::exp, Math::exp, -1, 1)).isLessThan(2.5e-7);
    assertThat(error(VectorMath::exp, Math::exp, -1e-3, 1e-3)).isLessThan(1e-7);
    assertThat(at(VectorMath::exp, 0f)).isEqualTo(1f);
  }

  @Test
  void exponentialClampsItsArgument() {
    assertThat(at(VectorMath::exp, -1e9f)).isEqualTo(at(VectorMath::exp, -87f)).isPositive();
    assertThat(at(VectorMath::exp, 1e9f)).isEqualTo(at(VectorMath::exp, 88f)).isFinite();
  }

  @Test
  void sigmoidFollowsTheExponential() {
    assertThat(error(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -87, 87)).isLessThan(4e-7);
    for (float x = -87; x < 87; x += 0.37f) {
      assertThat((double) VectorMath.sigmoid(x))
          .isCloseTo(1 / (1 + Math.exp(-x)), within(6e-8 / (1 + Math.exp(-x))));
    }
  }

  @Test
  void softplusIsTheIdentityAboveTwenty() {
    assertThat(error(VectorMath::softplus, x -> Math.log1p(Math.exp(x)), -80, 20.5))
        .isLessThan(5e-7);
    for (float x : new float[] {20.000002f, 25f, 1000f, 1e30f}) {
      assertThat(at(VectorMath::softplus, x)).isEqualTo(x);
    }
  }

  @Test
  void logarithm() {
    for (double[] range : new double[][] {{1e-30, 1e-20}, {1e-3, 0.9}, {1.1, 5}, {1e3, 1e30}}) {
      assertThat(error(VectorMath::log, x -> Math.log(x), range[0], range[1])).isLessThan(4e-7);
    }
    float[] points = grid(0.5, 2);
    float[] results = apply(VectorMath::log, points);
    for (int i = 0; i < POINTS; i++) {
      double difference = Math.abs(results[i] - Math.log(points[i]));
      if (difference > 2e-7) {
        assertThat(difference).as("error of log(%s)", points[i]).isLessThan(2e-7);
      }
    }
  }

  @Test
  void powersOfTwo() {
    assertThat(error(VectorMath::exp2, x -> Math.pow(2, x), -126, 127)).isLessThan(3e-7);
    assertThat(at(VectorMath::exp2, 5f)).isEqualTo(32f);
    assertThat(at(VectorMath::exp2, -1e9f)).isEqualTo(at(VectorMath::exp2, -126f)).isPositive();
  }

  /** A kernel is interpreted at first and compiled later; its results must not tell which. */
  @Test
  void compilingChangesNothing() {
    float[] points = new float[1 << 12];
    for (int i = 0; i < points.length; i++) {
      points[i] = -20 + 40f * i / points.length;
    }
    float[] positive = new float[points.length];
    for (int i = 0; i < points.length; i++) {
      positive[i] = Math.abs(points[i]) + 1e-6f;
    }
    float[] softplus = apply(VectorMath::softplus, points);
    float[] sigmoid = apply(VectorMath::sigmoid, points);
    float[] log = apply(VectorMath::log, positive);
    float[] sums = sums(points);
    for (int i = 0; i < 300; i++) {
      assertSame(apply(VectorMath::softplus, points), softplus);
      assertSame(apply(VectorMath::sigmoid, points), sigmoid);
      assertSame(apply(VectorMath::log, positive), log);
      assertSame(sums(points), sums);
    }
  }

  private static float[] sums(float[] points) {
    float[] sums = new float[points.length / VectorMath.LANES];
    for (int i = 0; i < sums.length; i++) {
      FloatVector v = VectorMath.load(points, i * VectorMath.LANES);
      sums[i] = VectorMath.sum(v.mul(v));
    }
    return sums;
  }

  @Test
  void sumsAllLanes() {
    float[] lanes = new float[VectorMath.LANES];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = 1 << i % 20;
    }
    float expected = 0;
    for (float lane : lanes) {
      expected += lane;
    }
    assertThat(VectorMath.sum(VectorMath.load(lanes, 0))).isEqualTo(expected);
  }

  private static void assertSame(float[] later, float[] first) {
    assertThat(Arrays.equals(later, first)).isTrue();
  }

  @Test
  void roundsHalfToEven() {
    for (float x = -300; x <= 300; x += 0.125f) {
      assertThat(at(VectorMath::round, x)).isEqualTo((float) Math.rint(x));
    }
    float[] points = grid(-4_194_303, 4_194_303);
    float[] rounded = apply(VectorMath::round, points);
    for (int i = 0; i < POINTS; i++) {
      if (rounded[i] != (float) Math.rint(points[i])) {
        assertThat(rounded[i]).as("round(%s)", points[i]).isEqualTo((float) Math.rint(points[i]));
      }
    }
  }
}
