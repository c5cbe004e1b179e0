package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.ptq4vm.network.Activation;
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

  private static final Floats EXP =
      vector((x, xAt, y, yAt) -> VectorMath.exp(x, xAt, y, yAt, VectorMath.LANES));

  /** The decay of a scan's state, where two states share a pass. */
  private static final Floats POWER = decay(2);

  /** The same where a state has a pass of its own. */
  private static final Floats SINGLE_POWER = decay(1);

  private static Floats decay(int states) {
    int lanes = VectorMath.LANES;
    return vector(
        (x, xAt, y, yAt) -> {
          float[] rates = new float[states * lanes];
          float[] one = new float[lanes];
          float[] state = new float[states * lanes];
          Arrays.fill(one, 1f);
          Arrays.fill(state, 1f);
          System.arraycopy(x, xAt, rates, (states - 1) * lanes, lanes);
          float[] b = new float[states];
          float[] c = new float[states];
          c[states - 1] = 1;
          float[] sums = new float[lanes];
          VectorRecurrence.run(
              states,
              rates,
              0,
              state,
              0,
              one,
              new float[lanes],
              b,
              0,
              states,
              c,
              0,
              states,
              sums,
              1);
          System.arraycopy(sums, 0, y, yAt, lanes);
        });
  }

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
    for (Floats f : new Floats[] {POWER, SINGLE_POWER}) {
      assertThat(worst(-126, -0f, f, power, power)).isBetween(1e-8, 2e-7);
      assertThat(worst(-1e6, -126, f, power, x -> 1)).isLessThan(1e-37);
      for (int n = 0; n >= -126; n--) {
        assertThat(f.at(n == 0 ? -0f : n)).isEqualTo((float) Math.pow(2, n));
      }
    }
  }

  @Test
  void softplus() {
    DoubleUnaryOperator exact = x -> x > 30 ? x : Math.log1p(Math.exp(x));
    for (Floats f :
        new Floats[] {
          Elementary::softplus,
          vector((x, xAt, y, yAt) -> VectorMath.softplus(x, xAt, y, yAt, VectorMath.LANES))
        }) {
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
    for (Floats f :
        new Floats[] {
          Elementary::silu,
          vector((x, xAt, y, yAt) -> VectorMath.silu(x, xAt, y, yAt, VectorMath.LANES))
        }) {
      assertThat(worst(-20, 60, f, exact, x -> Math.abs(exact.applyAsDouble(x)) + 1e-30))
          .isBetween(1e-8, 1e-5);
      assertThat(worst(-1000, -20, f, exact, x -> 1)).isLessThan(1e-7);
    }
  }

  @Test
  void sigmoid() {
    DoubleUnaryOperator exact = x -> 1 / (1 + Math.exp(-x));
    for (Floats f :
        new Floats[] {
          Elementary::sigmoid,
          vector((x, xAt, y, yAt) -> VectorMath.sigmoid(x, xAt, y, yAt, VectorMath.LANES))
        }) {
      assertThat(worst(-20, 60, f, exact, exact)).isBetween(1e-8, 1e-5);
      assertThat(worst(-1000, -20, f, exact, x -> 1)).isLessThan(1e-8);
      assertThat(f.at(0f)).isEqualTo(0.5f);
    }
  }

  @Test
  void gelu() {
    DoubleUnaryOperator exact = x -> Exact.activation(Activation.GELU, x);
    Floats vector = vector((x, xAt, y, yAt) -> VectorMath.gelu(x, xAt, y, yAt, VectorMath.LANES));
    for (Floats f : new Floats[] {Elementary::gelu, vector}) {
      assertThat(worst(-12, 5, f, exact, x -> 1)).isBetween(1e-8, 3e-7);
      assertThat(worst(-3, 20, f, exact, x -> Math.abs(exact.applyAsDouble(x)) + 1e-30))
          .isBetween(1e-8, 4e-6);
      assertThat(f.at(0f)).isEqualTo(0f);
      for (float x = 6; x < 3e38f; x *= 1.07f) {
        assertThat(f.at(x)).isEqualTo(x);
        assertThat(f.at(-x)).isBetween(-1e-7f, 0f);
      }
      assertThat(f.at(-3e38f)).isZero();
    }
    for (int i = -100_000; i <= 100_000; i++) {
      assertThat(vector.at(i * 1e-4f)).isEqualTo(Elementary.gelu(i * 1e-4f));
    }
  }

  /** Values that PyTorch computes in double precision. */
  @Test
  void exactFunctionsAreExact() {
    double[] z = {0, 0.5, 1, 1.999, 2, 2.001, 3, 4, 6};
    double[] erfc = {
      1,
      0.479500122187,
      0.15729920705,
      0.00469844334863,
      0.00467773498105,
      0.00465710928148,
      2.20904969986e-05,
      1.54172579003e-08,
      2.15197367125e-17
    };
    for (int i = 0; i < z.length; i++) {
      assertThat(Exact.erfc(z[i])).isCloseTo(erfc[i], withinPercentage(1e-8));
    }
    double[] x = {-5, -3, -1, -0.5, 0, 0.25, 1, 2, 4};
    double[] gelu = {
      -1.433257859e-06,
      -0.004049694095,
      -0.1586552539,
      -0.1542687694,
      0,
      0.1496765814,
      0.8413447461,
      1.954499736,
      3.999873315
    };
    double[] sigmoid = {
      0.006692850924,
      0.04742587318,
      0.2689414214,
      0.3775406688,
      0.5,
      0.5621765009,
      0.7310585786,
      0.880797078,
      0.98201379
    };
    for (int i = 0; i < x.length; i++) {
      assertThat(Exact.activation(Activation.GELU, x[i])).isCloseTo(gelu[i], within(1e-9));
      assertThat(Exact.activation(Activation.SIGMOID, x[i])).isCloseTo(sigmoid[i], within(1e-9));
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
