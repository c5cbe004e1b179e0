package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** Elementary functions on dense grids against double precision. */
class ElementaryTest {
  /** A float function, for arrays whose length is a multiple of a vector's. */
  private interface Floats {
    float at(float x);
  }

  /** A function of one vector from array to array. */
  private interface OneVector {
    void apply(float[] x, int xAt, float[] y, int yAt);
  }

  private static final Floats EXP = vector(VectorMath::exp);
  private static final Floats POWER =
      vector(
          (x, xAt, y, yAt) -> {
            float[] one = new float[VectorMath.LANES];
            Arrays.fill(one, 1f);
            VectorMath.exp2(x, xAt, one, 0, y, 1);
          });

  @Test
  void scalarExp() {
    double worst = worst(-20, 0, Elementary::expNonPositive, Math::exp, Math::exp);
    assertThat(worst).isBetween(1e-8, 1e-5);
    assertThat(worst(-20, 0, Elementary::expNonPositive, Math::exp, x -> 1)).isLessThan(5e-7);
    assertThat(worst(-200, -20, Elementary::expNonPositive, Math::exp, x -> 1)).isLessThan(1e-12);
    assertThat(Elementary.expNonPositive(0f)).isEqualTo(1f);
  }

  @Test
  void vectorExp() {
    double worst = worst(-87, 0, EXP, Math::exp, Math::exp);
    assertThat(worst).isBetween(1e-8, 2e-7);
    assertThat(worst(-1e6, -87, EXP, Math::exp, x -> 1)).isLessThan(1e-37);
    assertThat(EXP.at(0f)).isEqualTo(1f);
  }

  @Test
  void vectorPowerOfTwo() {
    DoubleUnaryOperator power = x -> Math.pow(2, x);
    assertThat(worst(-126, -0f, POWER, power, power)).isBetween(1e-8, 2e-7);
    assertThat(worst(-1e6, -126, POWER, power, x -> 1)).isLessThan(1e-37);
    for (int n = 0; n >= -126; n--) {
      assertThat(POWER.at(n == 0 ? -0f : n)).isEqualTo((float) Math.pow(2, n));
    }
  }

  @Test
  void softplus() {
    DoubleUnaryOperator exact = x -> x > 30 ? x : Math.log1p(Math.exp(x));
    for (Floats f : new Floats[] {Elementary::softplus, vector(VectorMath::softplus)}) {
      assertThat(worst(-20, 60, f, exact, exact)).isBetween(1e-8, 1e-5);
      assertThat(worst(-80, -20, f, exact, x -> 1)).isLessThan(1e-12);
      for (float x = 20; x < 1e6f; x *= 1.01f) {
        assertThat(f.at(x)).as("above the threshold").isEqualTo(x);
      }
    }
  }

  @Test
  void silu() {
    DoubleUnaryOperator exact = x -> x / (1 + Math.exp(-x));
    for (Floats f : new Floats[] {Elementary::silu, vector(VectorMath::silu)}) {
      assertThat(worst(-20, 60, f, exact, x -> Math.abs(exact.applyAsDouble(x)) + 1e-30))
          .isBetween(1e-8, 1e-5);
      assertThat(worst(-1000, -20, f, exact, x -> 1)).isLessThan(1e-7);
    }
  }

  @Test
  void decayRateIsRoundedOnce() {
    assertThat(Elementary.decayRate(0f)).isEqualTo(-1f);
    assertThat(Elementary.decayRate(1f)).isEqualTo((float) -Math.E);
  }

  /** Largest difference to the exact function in units of {@code scale}, on 400000 points. */
  private static double worst(
      double from, double to, Floats f, DoubleUnaryOperator exact, DoubleUnaryOperator scale) {
    int points = 400_000;
    double worst = 0;
    for (int i = 0; i <= points; i++) {
      float x = i == points ? (float) to : (float) (from + (to - from) * i / points);
      double error = Math.abs(f.at(x) - exact.applyAsDouble(x)) / scale.applyAsDouble(x);
      assertThat(error).as("at %s", x).isNotNaN();
      worst = Math.max(worst, error);
    }
    return worst;
  }

  private static Floats vector(OneVector f) {
    float[] in = new float[VectorMath.LANES];
    float[] out = new float[VectorMath.LANES];
    return x -> {
      Arrays.fill(in, x);
      f.apply(in, 0, out, 0);
      assertThat(out[VectorMath.LANES - 1]).isEqualTo(out[0]);
      return out[0];
    };
  }
}
