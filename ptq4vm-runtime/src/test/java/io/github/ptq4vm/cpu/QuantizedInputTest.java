package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Dynamic scales and rotated inputs of a quantized linear on both providers: integers and floats
 * the same bit for bit, and both those of the formulas in double precision.
 */
class QuantizedInputTest {
  private static final int OUT = 19;
  private static final int[][] BITS = {{8, 8}, {6, 6}, {4, 8}, {4, 4}};

  private final Scratch scratch = new Scratch();

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 6, 12, 20, 28, 64, 96, 128, 192, 384})
  void providersAgreeAndFollowTheFormulas(int in) {
    Random random = new Random(in);
    double[][] dense = dense(in);
    for (int rows : new int[] {1, 17, 49}) {
      Matrix x = inputs(random, rows, in);
      double[][] plain = doubles(x);
      double[][] rotated = product(plain, dense);
      for (int[] bits : BITS) {
        QuantizedWeights fixed =
            KernelParityTest.weights(random, rows, in, OUT, bits[0], bits[1], random.nextBoolean());
        InputScale dynamic = new InputScale.Dynamic(0.5f + 0.6f * random.nextFloat());
        ChannelRotation rotation = ChannelRotation.of(in);
        check(fixed, x, plain);
        check(with(fixed, fixed.inputScale(), rotation), x, rotated);
        check(with(fixed, dynamic, null), x, plain);
        check(with(fixed, dynamic, rotation), x, rotated);
      }
    }
  }

  private void check(QuantizedWeights weights, Matrix x, double[][] rotated) {
    QuantizedTrace trace = Providers.SCALAR.linear(weights).trace(x);
    QuantizedTrace vectors = Providers.VECTOR.linear(weights).trace(x);
    assertThat(vectors.codes()).isEqualTo(trace.codes());
    assertThat(vectors.accumulators()).isEqualTo(trace.accumulators());
    float[] y = apply(Providers.SCALAR, weights, x);
    assertThat(apply(Providers.VECTOR, weights, x)).isEqualTo(y);
    for (int t = 0; t < x.rows(); t++) {
      checkRow(weights, rotated[t], t, trace, y);
    }
  }

  /** In double precision, up to what the roundings of the formulas may move. */
  private static void checkRow(
      QuantizedWeights weights, double[] h, int t, QuantizedTrace trace, float[] y) {
    int in = weights.inFeatures();
    double[] v = new double[in];
    double lo = 0;
    double hi = 0;
    for (int k = 0; k < in; k++) {
      v[k] = h[k] * weights.inputSmoothing()[k];
      lo = Math.min(lo, v[k]);
      hi = Math.max(hi, v[k]);
    }
    double step;
    double zero;
    if (weights.inputScale() instanceof InputScale.Dynamic dynamic) {
      step = Math.max((hi - lo) * dynamic.range() / weights.inputLimit(), 1e-8);
      double exactZero = -lo * dynamic.range() / step;
      if (Math.abs(exactZero - Math.floor(exactZero) - 0.5) < 1e-3) {
        return; // In single precision it may round to the other side.
      }
      zero = Math.min(weights.inputLimit(), Math.rint(exactZero));
    } else {
      step = ((InputScale.Static) weights.inputScale()).step()[t];
      zero = ((InputScale.Static) weights.inputScale()).zeroPoint()[t];
    }
    for (int k = 0; k < in; k++) {
      double code = Math.max(0, Math.min(weights.inputLimit(), v[k] / step + zero));
      double slack = 1e-3 + 1e-5 * Math.max(hi, -lo) / step;
      assertThat((double) trace.codes()[t * in + k])
          .as("code of row %d, channel %d", t, k)
          .isCloseTo(code, within(0.5 + Math.min(slack, 0.1)));
    }
    for (int o = 0; o < OUT; o++) {
      double sum = 0;
      for (int k = 0; k < in; k++) {
        sum += (trace.codes()[t * in + k] - zero) * weights.weight()[o * in + k];
      }
      double scaled = sum * step * weights.weightStep()[o];
      float[] bias = weights.bias();
      double expected = scaled + (bias == null ? 0 : bias[o]);
      assertThat((double) y[t * OUT + o])
          .as("row %d, output %d", t, o)
          .isCloseTo(expected, within(1e-12 + 1e-5 * (Math.abs(scaled) + Math.abs(expected))));
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {1, 2, 3, 4, 6, 7, 8, 12, 16, 18, 20, 24, 28, 40, 48, 64, 96, 144, 160, 224, 384, 768})
  void rotatesVectorsAsChannelByChannel(int in) {
    Random random = new Random(in);
    ChannelRotation rotation = ChannelRotation.of(in);
    VectorRotation vectors = new VectorRotation(rotation);
    int rows = 5;
    Matrix x = inputs(random, rows, in);
    float[] values = new float[vectors.size()];
    float[] result = new float[vectors.size()];
    double[][] exact = product(doubles(x), dense(in));
    for (int t = 0; t < rows; t++) {
      vectors.apply(x.data(), x.at(t), values, result);
      float[] row = Arrays.copyOfRange(x.data(), x.at(t), x.at(t) + in);
      double magnitude = 0;
      for (float value : row) {
        magnitude += Math.abs(value);
      }
      rotation.apply(row);
      for (int k = 0; k < in; k++) {
        assertThat(result[k]).as("row %d, channel %d", t, k).isEqualTo(row[k]);
        assertThat((double) row[k]).isCloseTo(exact[t][k], within(1e-6 * magnitude));
      }
    }
  }

  @Property(tries = 100)
  void dynamicCodesStayWithinTheirBits(
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll @IntRange(min = 1, max = 100) int in,
      @ForAll @IntRange(min = 2, max = 8) int bits,
      @ForAll boolean rotate,
      @ForAll long seed) {
    Random random = new Random(seed);
    InputScale share = new InputScale.Dynamic((float) Math.exp(2 * random.nextGaussian()));
    QuantizedWeights weights =
        with(
            KernelParityTest.weights(random, rows, in, OUT, 8, bits, true),
            share,
            rotate ? ChannelRotation.of(in) : null);
    Matrix x = inputs(random, rows, in);
    QuantizedTrace scalar = Providers.SCALAR.linear(weights).trace(x);
    assertThat(Arrays.stream(scalar.codes()).boxed())
        .allSatisfy(code -> assertThat(code).isBetween(0, weights.inputLimit()));
    QuantizedTrace vector = Providers.VECTOR.linear(weights).trace(x);
    assertThat(vector.codes()).isEqualTo(scalar.codes());
    assertThat(apply(Providers.VECTOR, weights, x)).isEqualTo(apply(Providers.SCALAR, weights, x));
  }

  @Property(tries = 50)
  void aRowOfZerosGivesTheBias(
      @ForAll @IntRange(min = 1, max = 100) int in, @ForAll boolean rotate, @ForAll long seed) {
    Random random = new Random(seed);
    QuantizedWeights weights =
        with(
            KernelParityTest.weights(random, 1, in, OUT, 4, 4, true),
            new InputScale.Dynamic(0.9f),
            rotate ? ChannelRotation.of(in) : null);
    Matrix x = Matrix.of(new float[in], 1, in);
    for (CpuKernels kernels : Providers.ALL) {
      assertThat(kernels.linear(weights).trace(x).codes()).containsOnly(0);
      assertThat(apply(kernels, weights, x)).isEqualTo(weights.bias());
    }
  }

  @Property(tries = 50)
  void aPowerOfTwoGoesThrough(
      @ForAll @IntRange(min = 1, max = 100) int in,
      @ForAll @IntRange(min = -6, max = 20) int power,
      @ForAll boolean rotate,
      @ForAll long seed) {
    Random random = new Random(seed);
    QuantizedWeights weights =
        with(
            KernelParityTest.weights(random, 3, in, OUT, 4, 4, false),
            new InputScale.Dynamic(0.9f),
            rotate ? ChannelRotation.of(in) : null);
    float[] x = KernelParityTest.floats(random, 3 * in);
    float[] larger = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      x[i] += 0.1f;
      larger[i] = Math.scalb(x[i], power);
    }
    for (CpuKernels kernels : Providers.ALL) {
      float[] expected = apply(kernels, weights, Matrix.of(x, 3, in));
      for (int i = 0; i < expected.length; i++) {
        expected[i] = Math.scalb(expected[i], power);
      }
      assertThat(apply(kernels, weights, Matrix.of(larger, 3, in))).isEqualTo(expected);
    }
  }

  /** Sums beyond 2^24, which a float does not hold. */
  @Property(tries = 5)
  void largeSums(@ForAll @IntRange(min = 520, max = 1700) int in, @ForAll long seed) {
    Random random = new Random(seed);
    QuantizedWeights weights = KernelParityTest.weights(random, 7, in, OUT, 8, 8, true);
    Arrays.fill(weights.weight(), (byte) 127);
    QuantizedWeights large =
        with(KernelParityTest.withSums(weights), new InputScale.Dynamic(0.5f), null);
    Matrix x = inputs(random, 7, in);
    check(large, x, doubles(x));
  }

  private float[] apply(CpuKernels kernels, QuantizedWeights weights, Matrix x) {
    Matrix y = Matrix.of(new float[x.rows() * OUT], x.rows(), OUT);
    CpuKernels.QuantizedLinear linear = kernels.linear(weights);
    linear.apply(x, y, x.rows() / 3, x.rows(), scratch);
    linear.apply(x, y, 0, x.rows() / 3, scratch);
    return y.data();
  }

  /** Rows of different sizes and signs, inside a wider matrix. */
  private static Matrix inputs(Random random, int rows, int in) {
    Matrix x = new Matrix(KernelParityTest.floats(random, rows * (in + 3)), 2, in + 3, rows, in);
    for (int t = 0; t < rows; t++) {
      float size = (float) Math.exp(3 * random.nextGaussian());
      int kind = t == 0 ? 0 : random.nextInt(8);
      for (int k = 0; k < in; k++) {
        int at = x.at(t) + k;
        float value = x.data()[at];
        x.data()[at] =
            switch (kind) {
              case 1 -> Math.abs(value);
              case 2 -> -Math.abs(value);
              case 3 -> 0;
              case 4 -> value * 1e-10f;
              case 5 -> k == 0 ? 100 : value;
              default -> value * size;
            };
      }
    }
    return x;
  }

  /** The matrix {@code H S} in double precision, entry by entry. */
  private static double[][] dense(int channels) {
    ChannelRotation rotation = ChannelRotation.of(channels);
    int length = rotation.length();
    float[] matrix = rotation.matrix();
    float[] scale = rotation.scale();
    double[][] dense = new double[channels][channels];
    for (int row = 0; row < channels; row++) {
      for (int column = 0; column < channels; column++) {
        double mixed = matrix[row / length * rotation.base() + column / length];
        int common = row % length & column % length;
        double sign = Integer.bitCount(common) % 2 == 0 ? 1 : -1;
        dense[row][column] = mixed * sign * scale[column];
      }
    }
    return dense;
  }

  private static double[][] doubles(Matrix x) {
    double[][] rows = new double[x.rows()][x.columns()];
    for (int t = 0; t < x.rows(); t++) {
      for (int k = 0; k < x.columns(); k++) {
        rows[t][k] = x.data()[x.at(t) + k];
      }
    }
    return rows;
  }

  private static double[][] product(double[][] x, double[][] matrix) {
    double[][] y = new double[x.length][matrix.length];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < matrix.length; i++) {
        for (int k = 0; k < matrix.length; k++) {
          y[t][i] += matrix[i][k] * x[t][k];
        }
      }
    }
    return y;
  }

  private static QuantizedWeights with(
      QuantizedWeights weights, InputScale scale, @Nullable ChannelRotation rotation) {
    return new QuantizedWeights(
        weights.outFeatures(),
        weights.inFeatures(),
        weights.weight(),
        weights.weightStep(),
        weights.rowSum(),
        weights.rowMagnitude(),
        weights.inputSmoothing(),
        scale,
        weights.inputLimit(),
        rotation,
        weights.bias());
  }
}
