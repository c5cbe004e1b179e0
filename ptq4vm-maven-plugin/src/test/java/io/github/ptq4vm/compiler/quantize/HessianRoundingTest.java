package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import java.util.Arrays;
import java.util.Objects;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/**
 * Rounding by second moments against NumPy, which inverted the moments and eliminated channel after
 * channel as the paper does.
 */
class HessianRoundingTest {
  private static final int LIMIT = 7;

  /** Codes of two rows of 70 channels. */
  private static final byte[] CODES = {
    -7, 3, -1, -5, 5, 1, -3, 7, 3, -1, -6, 4, 0, -5, 6, 1, -2, -7, 4, -1, -5, 6, 1, -3, 7, 2, -1,
    -5, 4, 0, -4, 7, 2, -1, -6, 4, 0, -5, 6, 1, -3, -7, 4, -1, -5, 6, 1, -4, 7, 2, -2, -6, 4, 0, -5,
    6, 2, -4, -7, 4, 1, -5, 5, 2, -4, 7, 3, -2, -6, 4, -3, -5, -7, 7, 5, 3, 1, -1, -3, -5, -6, 7, 6,
    3, 1, 0, -2, -4, -7, 7, 5, 4, 2, 0, -1, -4, -6, -7, 6, 4, 3, 0, -1, -4, -5, -7, 7, 4, 3, 2, -1,
    -3, -5, -7, 7, 6, 3, 1, -1, -2, -4, -5, 7, 5, 3, 1, 0, -1, -4, -6, 7, 5, 4, 1, 1, -2, -4, -6,
    -7, 5
  };

  /** {@code [[((37 r + a c + b r c) % 31 - 15) * (1 + c % 3)]]}. */
  private static float[] input(int rows, int channels, int a, int b) {
    float[] input = new float[rows * channels];
    for (int i = 0; i < input.length; i++) {
      int r = i / channels;
      int c = i % channels;
      input[i] = ((r * 37 + c * a + r * c * b) % 31 - 15) * (1 + c % 3);
    }
    return input;
  }

  /** {@code [[((53 o + 29 c + 7 o c) % 41 - 20) / 16]]}. */
  private static float[] weight(int outputs, int channels) {
    float[] weight = new float[outputs * channels];
    for (int i = 0; i < weight.length; i++) {
      int o = i / channels;
      int c = i % channels;
      weight[i] = ((o * 53 + c * 29 + o * c * 7) % 41 - 20) / 16f;
    }
    return weight;
  }

  private static float[] steps(float[] weight, int channels) {
    float[] steps = new float[weight.length / channels];
    for (int i = 0; i < weight.length; i++) {
      steps[i / channels] = Math.max(steps[i / channels], Math.abs(weight[i]) / LIMIT);
    }
    return steps;
  }

  private static double[] moments(float[] input, int channels) {
    double[] moments = new double[channels * channels];
    for (int row = 0; row < input.length; row += channels) {
      for (int i = 0; i < moments.length; i++) {
        moments[i] += (double) input[row + i / channels] * input[row + i % channels];
      }
    }
    return moments;
  }

  private static byte[] codes(double[] moments, float[] weight, float[] steps, int threads) {
    int channels = weight.length / steps.length;
    try (Parallel parallel = new Parallel(threads)) {
      return HessianRounding.codes(
          parallel, Cholesky.of(parallel, moments, channels, 0.01), weight, steps, LIMIT);
    }
  }

  private static byte[] nearest(float[] weight, float[] steps) {
    byte[] codes = new byte[weight.length];
    for (int i = 0; i < codes.length; i++) {
      float u = weight[i] * (1f / steps[i / (weight.length / steps.length)]);
      codes[i] = (byte) Math.rint(Math.max(-LIMIT, Math.min(LIMIT, u)));
    }
    return codes;
  }

  /** Squared error of the outputs, of which there are as many as rows went into the moments. */
  private static double error(double[] moments, float[] weight, float[] steps, byte[] codes) {
    int channels = weight.length / steps.length;
    double error = 0;
    for (int o = 0; o < steps.length; o++) {
      for (int i = 0; i < moments.length; i++) {
        int c = o * channels + i / channels;
        int d = o * channels + i % channels;
        error +=
            moments[i]
                * (weight[c] - (double) steps[o] * codes[c])
                * (weight[d] - (double) steps[o] * codes[d]);
      }
    }
    return error;
  }

  @Test
  void sameCodesAsThePaper() {
    float[] weight = weight(2, 70);
    float[] steps = {0.171f, 0.171f};
    double[] moments = moments(input(150, 70, 11, 5), 70);
    byte[] found = codes(moments, weight, steps, 2);
    assertThat(found).containsExactly(CODES);
    assertThat(error(moments, weight, steps, found)).isCloseTo(1945.4754506478455, within(0.01));
    assertThat(error(moments, weight, steps, nearest(weight, steps)))
        .isCloseTo(24694.229062162965, within(0.1));
  }

  /** Each channel is rounded greedily, so a row can be unlucky; many rows together are not. */
  @Property(tries = 60)
  void manyRowsAreNotWorseThanNearest(
      @ForAll @LongRange(min = 0, max = 1_000_000) long seed,
      @ForAll @IntRange(min = 20, max = 90) int channels,
      @ForAll @IntRange(min = 40, max = 70) int outputs) {
    float[] weight = Values.gaussian(seed, outputs * channels);
    float[] steps = steps(weight, channels);
    double[] moments = CholeskyTest.moments(seed + 1, channels + 3, channels);
    double rounded = error(moments, weight, steps, codes(moments, weight, steps, 2));
    double nearest = error(moments, weight, steps, nearest(weight, steps));
    assertThat(rounded).isLessThanOrEqualTo(nearest * 1.05);
  }

  /**
   * However unlucky: where no code is clipped, each channel adds no more than a quarter of a step
   * squared times its own damped moment.
   */
  @Property(tries = 60)
  void noRowIsWorseThanItsBound(
      @ForAll @LongRange(min = 0, max = 1_000_000) long seed,
      @ForAll @IntRange(min = 1, max = 90) int channels) {
    float[] weight = Values.gaussian(seed, channels);
    float[] steps = {2 * steps(weight, channels)[0]};
    double[] moments = CholeskyTest.moments(seed + 1, channels + 3, channels);
    byte[] codes = codes(moments, weight, steps, 1);
    for (byte code : codes) {
      Assume.that(Math.abs(code) < LIMIT);
    }
    double trace = 0;
    for (int c = 0; c < channels; c++) {
      trace += moments[c * channels + c];
    }
    double bound = 1.01 * trace * steps[0] * steps[0] / 4;
    assertThat(error(moments, weight, steps, codes)).isLessThanOrEqualTo(bound * (1 + 1e-9));
  }

  @Property(tries = 30)
  void nothingToMakeUpForIsRoundingToNearest(
      @ForAll @LongRange(min = 0, max = 1_000_000) long seed,
      @ForAll @IntRange(min = 1, max = 90) int channels) {
    float[] weight = Values.gaussian(seed, 5 * channels);
    float[] steps = Values.uniform(seed, 5, 0.1, 0.5);
    double[] diagonal = new double[channels * channels];
    for (int c = 0; c < channels; c++) {
      diagonal[c * channels + c] = c % 4;
    }
    assertThat(codes(diagonal, weight, steps, 1)).containsExactly(nearest(weight, steps));
  }

  @Test
  void threadsDoNotMatter() {
    float[] weight = Values.gaussian(1, 200 * 100);
    float[] steps = steps(weight, 100);
    double[] moments = CholeskyTest.moments(2, 300, 100);
    assertThat(codes(moments, weight, steps, 3)).containsExactly(codes(moments, weight, steps, 1));
  }

  @Test
  void movesTowardsWhatServesTheQuantizedInputs() {
    float[] weight = weight(3, 6);
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.linear(2, 6, 3, weight), 1)) {
      Operation.Linear linear = interpreter.network().quantizableLinears().get(0);
      float[] smoothing = {1, 2, 1, 0.5f, 4, 1};
      float[] ones = {1, 1, 1};
      // Inputs are integers, and so are they quantized: codes do not change them.
      LinearQuantizer start =
          new LinearQuantizer(
              linear,
              Precision.staticPerToken(4, 8),
              smoothing,
              ones,
              new InputScale.Static(new float[] {1, 1}, new int[] {128, 128}));
      InputMoments moments = new InputMoments(interpreter, start);
      float[] seen = scaled(input(20, 6, 11, 5), smoothing);
      float[] exact = scaled(input(20, 6, 13, 3), smoothing);
      moments.add(12, Arrays.copyOf(exact, 72), Arrays.copyOf(seen, 72));
      moments.add(8, Arrays.copyOfRange(exact, 72, 120), Arrays.copyOfRange(seen, 72, 120));
      assertThat(moments.quantized())
          .containsExactly(moments(input(20, 6, 11, 5), 6), within(1e-6));

      // The weight behind the smoothing is the one NumPy had.
      for (int i = 0; i < weight.length; i++) {
        interpreter.model().floats("weight")[i] /= smoothing[i % 6];
      }
      HessianRounding rounding =
          new HessianRounding(interpreter, ClippingSearch.crossFitted(), start, moments);
      assertThat(rounding.moved(0)).containsExactly(weight(3, 6), within(1e-6f));
      double[] half = {
        -1.100397,
        0.0445506,
        0.07743313,
        -0.2181,
        0.423257,
        0.07066149,
        -1.033157,
        -0.7522632,
        -0.642413,
        1.512886,
        0.926099,
        0.2879806,
        0.5879969,
        0.1216625,
        0.1754596,
        1.527204,
        0.17125,
        0.4706002
      };
      assertThat(Values.relativeError(rounding.moved(0.5), half)).isLessThan(1e-6);
      double[] quarter = {
        -1.175199, 0.3035253, -0.05503343, -0.5778, 0.6491285, 0.09783074, -0.7665787, -0.7823816,
        -0.8837065, 1.318943, 0.8692995, 0.3939903, 0.4189985, 0.2483313, 0.3377298, 1.076102,
        0.460625, 0.6728001
      };
      assertThat(Values.relativeError(rounding.moved(0.25), quarter)).isLessThan(1e-6);
    }
  }

  private static float[] even(int rows) {
    float[] ones = new float[rows];
    Arrays.fill(ones, 1f);
    return ones;
  }

  @Test
  void descentLeavesLessError() {
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.linear(2, 6, 3, weight(3, 6)), 1)) {
      Operation.Linear linear = interpreter.network().quantizableLinears().get(0);
      LinearQuantizer start =
          new LinearQuantizer(
              linear,
              Precision.staticPerToken(3, 8),
              even(6),
              even(3),
              new InputScale.Static(new float[] {1, 1}, new int[] {128, 128}));
      InputMoments moments = new InputMoments(interpreter, start);
      moments.add(20, input(20, 6, 13, 3), input(20, 6, 11, 5));
      HessianRounding rounding =
          new HessianRounding(interpreter, ClippingSearch.crossFitted(), start, moments);
      CodeDescent error = new CodeDescent(moments.quantized(), 6, 0.01);
      double[] before = errors(error, interpreter, rounding, rounding.rounded(0.5, false));
      double[] after = errors(error, interpreter, rounding, rounding.rounded(0.5, true));
      for (int o = 0; o < 3; o++) {
        assertThat(after[o]).isLessThanOrEqualTo(before[o]);
      }
      assertThat(Arrays.stream(after).sum()).isLessThan(Arrays.stream(before).sum());
    }
  }

  private static double[] errors(
      CodeDescent error,
      TensorInterpreter interpreter,
      HessianRounding rounding,
      LinearQuantizer quantizer) {
    return error.errors(
        interpreter.parallel(),
        rounding.moved(0.5),
        quantizer.weightStep(),
        Objects.requireNonNull(quantizer.fixedCodes()));
  }

  private static float[] scaled(float[] rows, float[] factors) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= factors[i % factors.length];
    }
    return rows;
  }
}
