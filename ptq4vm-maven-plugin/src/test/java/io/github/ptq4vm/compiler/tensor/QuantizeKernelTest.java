package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Codes against the formula, bit for bit; gradients against finite differences of the formula in
 * double precision with what rounding added and who was clipped held fixed.
 */
class QuantizeKernelTest {
  private static final int IMAGES = 3;
  private static final int TOKENS = 5;

  private final Parallel parallel = new Parallel(2);
  private final QuantizeKernel kernel = new QuantizeKernel(parallel);

  @AfterEach
  void close() {
    parallel.close();
  }

  private static float code(float x, float factor, float step, float low, float high) {
    float u = x * factor * (1f / step);
    return (float) Math.rint(Math.max(low, Math.min(high, u)));
  }

  private static int[] zeroPoints(int limit) {
    return new int[] {0, limit, limit / 2, limit / 3, 1};
  }

  @ParameterizedTest
  @CsvSource({"15,1", "15,19", "63,8", "255,33"})
  void activationCodesFollowTheFormula(int limit, int channels) {
    float[] x = Values.gaussian(1, IMAGES * TOKENS * channels);
    float[] reciprocal = Values.uniform(2, channels, 0.2, 3);
    float[] step = Values.uniform(3, TOKENS, 1.0 / limit, 8.0 / limit);
    int[] zero = zeroPoints(limit);
    float[] codes = new float[x.length];
    kernel.activations(IMAGES * TOKENS, channels, x, reciprocal, step, zero, limit, false, codes);
    float[] values = new float[x.length];
    kernel.activations(IMAGES * TOKENS, channels, x, reciprocal, step, zero, limit, true, values);
    for (int i = 0; i < x.length; i++) {
      int t = i / channels % TOKENS;
      float expected =
          code(x[i], reciprocal[i % channels], step[t], -zero[t], (float) limit - zero[t]);
      assertThat(codes[i]).isEqualTo(expected);
      assertThat(values[i]).isEqualTo(expected * step[t]);
    }
  }

  @Test
  void tiesGoToTheEvenCode() {
    // Half steps that are exact in binary, long enough for vectors and a rest.
    int channels = 43;
    float[] x = new float[channels];
    float[] one = new float[channels];
    for (int c = 0; c < channels; c++) {
      x[c] = (c - 20) * 0.125f;
      one[c] = 1f;
    }
    float[] codes = new float[channels];
    kernel.activations(1, channels, x, one, new float[] {0.25f}, new int[] {7}, 15, false, codes);
    float[] weights = new float[channels];
    kernel.weights(1, channels, x, one, new float[] {0.25f}, 7, false, weights);
    for (int c = 0; c < channels; c++) {
      double rounded = Math.rint((c - 20) / 2.0);
      assertThat(codes[c]).isEqualTo((float) Math.max(-7, Math.min(8, rounded)));
      assertThat(weights[c]).isEqualTo((float) Math.max(-7, Math.min(7, rounded)));
    }
  }

  @ParameterizedTest
  @CsvSource({"7,1,3", "7,19,4", "31,8,5", "127,33,6"})
  void weightCodesFollowTheFormula(int limit, int channels, int outputs) {
    float[] w = Values.gaussian(1, outputs * channels);
    float[] smoothing = Values.uniform(2, channels, 0.3, 2);
    float[] step = Values.uniform(3, outputs, 1.0 / limit, 3.0 / limit);
    float[] codes = new float[w.length];
    kernel.weights(outputs, channels, w, smoothing, step, limit, false, codes);
    for (int i = 0; i < w.length; i++) {
      assertThat(codes[i])
          .isEqualTo(code(w[i], smoothing[i % channels], step[i / channels], -limit, limit));
    }
  }

  /** Share of a value that moves with its parameters: none when it was clipped. */
  private record Frozen(boolean inside, double code, double residual) {

    static Frozen of(double u, double low, double high) {
      double code = Math.rint(Math.max(low, Math.min(high, u)));
      return new Frozen(u > low && u < high, code, code - u);
    }

    double code(double u) {
      return inside ? u + residual : code;
    }
  }

  @ParameterizedTest
  @CsvSource({"15,1", "15,19", "63,8", "255,33"})
  void activationGradients(int limit, int channels) {
    int size = IMAGES * TOKENS * channels;
    float[] x = Values.gaussian(1, size);
    float[] smoothing = Values.uniform(2, channels, 0.3, 3);
    float[] reciprocal = new float[channels];
    for (int c = 0; c < channels; c++) {
      reciprocal[c] = 1f / smoothing[c];
    }
    float[] step = Values.uniform(3, TOKENS, 1.0 / limit, 6.0 / limit);
    int[] zero = zeroPoints(limit);
    float[] g = Values.gaussian(4, size);

    Frozen[] frozen = new Frozen[size];
    for (int i = 0; i < size; i++) {
      int t = i / channels % TOKENS;
      double u = (double) x[i] / smoothing[i % channels] / step[t];
      frozen[i] = Frozen.of(u, -zero[t], (double) limit - zero[t]);
    }
    // One point: x, logarithms of steps, logarithms of smoothing factors.
    double[] point = new double[size + TOKENS + channels];
    for (int i = 0; i < size; i++) {
      point[i] = x[i];
    }
    double[] expected =
        FiniteDifferences.gradient(
            point,
            p -> {
              double loss = 0;
              for (int i = 0; i < size; i++) {
                int t = i / channels % TOKENS;
                int c = i % channels;
                double s = step[t] * Math.exp(p[size + t]);
                double u = p[i] / (smoothing[c] * Math.exp(p[size + TOKENS + c])) / s;
                loss += g[i] * s * frozen[i].code(u);
              }
              return loss;
            });

    float[] gx = Values.gaussian(5, size);
    double[] logStep = new double[TOKENS];
    double[] logSmoothing = new double[channels];
    kernel.activationGradients(
        IMAGES * TOKENS, channels, x, reciprocal, step, zero, limit, g, gx, logStep, logSmoothing);
    assertClose("x", Values.doubles(gx), expected, 0);
    assertClose("log step", logStep, expected, size);
    assertClose("log smoothing", logSmoothing, expected, size + TOKENS);

    // Nobody needs the input's gradient; the others are added to what is there.
    kernel.activationGradients(
        IMAGES * TOKENS,
        channels,
        x,
        reciprocal,
        step,
        zero,
        limit,
        g,
        null,
        logStep,
        logSmoothing);
    for (int t = 0; t < TOKENS; t++) {
      logStep[t] /= 2;
    }
    assertClose("log step", logStep, expected, size);
  }

  @ParameterizedTest
  @CsvSource({"7,1,3", "7,19,4", "31,8,5", "127,33,6"})
  void weightGradients(int limit, int channels, int outputs) {
    int size = outputs * channels;
    float[] w = Values.gaussian(1, size);
    float[] smoothing = Values.uniform(2, channels, 0.3, 2);
    float[] step = Values.uniform(3, outputs, 0.5 / limit, 3.0 / limit);
    float[] g = Values.gaussian(4, size);
    Frozen[] frozen = new Frozen[size];
    for (int i = 0; i < size; i++) {
      double u = (double) w[i] * smoothing[i % channels] / step[i / channels];
      frozen[i] = Frozen.of(u, -limit, limit);
    }
    double[] expected =
        FiniteDifferences.gradient(
            new double[outputs + channels],
            p -> {
              double loss = 0;
              for (int i = 0; i < size; i++) {
                double s = step[i / channels] * Math.exp(p[i / channels]);
                double u = w[i] * smoothing[i % channels] * Math.exp(p[outputs + i % channels]) / s;
                loss += g[i] * s * frozen[i].code(u);
              }
              return loss;
            });
    double[] logStep = new double[outputs];
    double[] logSmoothing = new double[channels];
    kernel.weightGradients(outputs, channels, w, smoothing, step, limit, g, logStep, logSmoothing);
    assertClose("log step", logStep, expected, 0);
    assertClose("log smoothing", logSmoothing, expected, outputs);
  }

  @Test
  void theGradientStopsOnTheBounds() {
    // u is -7, -6.75, 7.75 and 8 of [-7, 8]: strictly inside are the middle ones.
    float[] x = {-7, -6.75f, 7.75f, 8};
    float[] one = {1, 1, 1, 1};
    float[] gx = new float[4];
    kernel.activationGradients(
        1, 4, x, one, new float[] {1}, new int[] {7}, 15, one, gx, new double[1], new double[4]);
    assertThat(gx).containsExactly(0, 1, 1, 0);
  }

  private static void assertClose(String name, double[] actual, double[] expected, int from) {
    double[] part = new double[actual.length];
    System.arraycopy(expected, from, part, 0, part.length);
    assertThat(Values.relativeError(actual, part))
        .as("relative error of the gradient of %s", name)
        .isLessThan(2e-6);
  }
}
