package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.ClippingSearch;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.Quantizers;
import io.github.ptq4vm.compiler.quantize.Smoothing;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Precision;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * What the released quantizer classes gave for one small linear (spec ptq4vm.md, appendix A):
 * smoothing, search, output, loss and gradients. Its last rows, one step of its optimizer, do not
 * apply: here logarithms learn, with another optimizer.
 */
class AppendixATest {
  private static final int IMAGES = 2;
  private static final int TOKENS = 3;
  private static final int IN = 4;
  private static final int OUT = 3;
  private static final double[] SMOOTHING = {2.8867514, 2.6076810, 2.7712815, 2.3237901};

  /** A column of the table. */
  private record Column(
      int bits,
      double[] inputStep,
      int[] zeroPoint,
      double[] weightStep,
      double[] firstOutputs,
      double loss,
      double[] byInputStep,
      double[] byWeightStep,
      double[] bySmoothing,
      double gradientNorm) {}

  private static final Column[] COLUMNS = {
    new Column(
        4,
        new double[] {0.06483965, 0.19755745, 0.24941531},
        new int[] {7, 6, 7},
        new double[] {0.30001596, 0.27939436, 0.24248710},
        new double[] {0.87538171, -0.99637067, -0.36162388, 2.07446361, 2.92541099, -2.58687735},
        1.0399619e-3,
        new double[] {-0.00621590, -0.02274418, -0.01307327},
        new double[] {0.00166958, 0.03573141, -0.01184745},
        new double[] {-0.00119493, -0.00376681, -0.00069883, -0.00024075},
        0.04650690),
    new Column(
        6,
        new double[] {0.01543801, 0.04703749, 0.06062178},
        new int[] {27, 27, 28},
        new double[] {0.06984076, 0.06245816, 0.05587260},
        new double[] {0.86256194, -1.11464965, -0.36313859, 2.24046159, 2.63527393, -2.65438819},
        1.8372138e-4,
        new double[] {-0.17042281, 0.01213266, -0.00030797},
        new double[] {-0.05981525, -0.02249908, 0.01557247},
        new double[] {-0.00013522, 0.00051120, 0.00007276, 0.00064094},
        0.18308058),
    new Column(
        8,
        new double[] {0.003814097, 0.01162103, 0.01497715},
        new int[] {111, 108, 113},
        new double[] {0.01704774, 0.01539969, 0.01363819},
        new double[] {0.90035617, -1.10417640, -0.38539684, 2.17963123, 2.66256998, -2.62078762},
        2.924601e-5,
        new double[] {-0.21704103, -0.04609296, -0.07634062},
        new double[] {-0.05266096, 0.07965618, -0.01733762},
        new double[] {-0.00023422, -0.00047026, -0.00041086, 0.00019008},
        0.25392640),
  };

  private static float[] input() {
    float[] x = new float[IMAGES * TOKENS * IN];
    for (int i = 0; i < x.length; i++) {
      int c = i % IN;
      int t = i / IN % TOKENS;
      int b = i / IN / TOKENS;
      x[i] = (float) (((7 * b + 5 * t + 3 * c) % 11 - 5) * 0.25 * (1 + 2 * t) + 0.1 * c);
    }
    return x;
  }

  private static float[] weight() {
    float[] w = new float[OUT * IN];
    for (int i = 0; i < w.length; i++) {
      w[i] = ((5 * (i / IN) + 7 * (i % IN)) % 13 - 6) * 0.125f;
    }
    return w;
  }

  private static float[] product(float[] x, float[] w) {
    float[] y = new float[x.length / IN * OUT];
    for (int i = 0; i < y.length; i++) {
      double sum = 0;
      for (int c = 0; c < IN; c++) {
        sum += (double) x[i / OUT * IN + c] * w[i % OUT * IN + c];
      }
      y[i] = (float) sum;
    }
    return y;
  }

  @ParameterizedTest
  @FieldSource("COLUMNS")
  void followsTheReleasedCode(Column column) {
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.linear(TOKENS, IN, OUT, weight()), 1)) {
      LinearQuantizer quantizer = quantizer(interpreter, column);
      assertClose("smoothing", quantizer.smoothing(), SMOOTHING, 1e-6);
      assertClose("input step", Quantizers.fixed(quantizer).step(), column.inputStep, 1e-5);
      assertThat(Quantizers.fixed(quantizer).zeroPoint()).containsExactly(column.zeroPoint);
      assertClose("weight step", quantizer.weightStep(), column.weightStep, 1e-5);
      learn(interpreter, quantizer, column);
    }
  }

  private static LinearQuantizer quantizer(TensorInterpreter interpreter, Column column) {
    Precision precision = Precision.staticPerToken(column.bits, column.bits);
    float[] smoothing = Smoothing.factors(input(), weight(), IN, 0.5);
    float[] reciprocal = new float[IN];
    float[] smoothed = weight();
    for (int c = 0; c < IN; c++) {
      reciprocal[c] = 1f / smoothing[c];
      for (int o = 0; o < OUT; o++) {
        smoothed[o * IN + c] *= smoothing[c];
      }
    }
    ClippingSearch search = ClippingSearch.published();
    return new LinearQuantizer(
        interpreter.network().quantizableLinears().get(0),
        precision,
        smoothing,
        search.weights(interpreter.parallel(), smoothed, IN, precision.weightLimit()),
        search.activations(
            interpreter.parallel(), input(), TOKENS, reciprocal, precision.activationLimit()));
  }

  private static void learn(
      TensorInterpreter interpreter, LinearQuantizer quantizer, Column column) {
    LearningLinear learning = new LearningLinear(interpreter, quantizer);
    int rows = IMAGES * TOKENS;
    float[] y = new float[rows * OUT];
    learning.forward(rows, input(), new float[0], y);
    assertClose("output", Arrays.copyOf(y, 2 * OUT), column.firstOutputs, 1e-6);

    float[] gy = new float[y.length];
    double loss =
        CosineLoss.evaluate(interpreter.parallel(), product(input(), weight()), y, OUT, gy);
    assertThat(loss).isCloseTo(column.loss, within(1e-3 * column.loss));

    learning.backward(rows, input(), gy, null);
    double[] bySmoothing = gradient(learning.parameters().get(0));
    double[] byWeightStep = gradient(learning.parameters().get(1));
    double[] byInputStep = gradient(learning.parameters().get(2));
    assertThat(Values.relativeError(byInputStep, column.byInputStep)).isLessThan(1e-3);
    assertThat(Values.relativeError(byWeightStep, column.byWeightStep)).isLessThan(1e-3);
    assertThat(Values.relativeError(bySmoothing, column.bySmoothing)).isLessThan(1e-3);
    double norm = Math.sqrt(squares(bySmoothing) + squares(byWeightStep) + squares(byInputStep));
    assertThat(norm).isCloseTo(column.gradientNorm, within(1e-3 * column.gradientNorm));
  }

  /** Gradient with respect to values: kernels give that of logarithms. */
  private static double[] gradient(LogVector vector) {
    double[] gradient = vector.gradient().clone();
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] /= vector.values()[i];
    }
    return gradient;
  }

  private static double squares(double[] values) {
    return Arrays.stream(values).map(v -> v * v).sum();
  }

  private static void assertClose(
      String name, float[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("%s %d", name, i)
          .isCloseTo(expected[i], within(tolerance * Math.abs(expected[i])));
    }
  }
}
