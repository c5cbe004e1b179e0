package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Both providers on random shapes: integers equal to a plain sum, and the floats after them equal
 * bit for bit; other floats within stated bounds of double precision.
 */
class KernelParityTest {
  private final Scratch scratch = new Scratch();

  @Property(tries = 150)
  void linear(
      @ForAll @IntRange(min = 1, max = 30) int tokens,
      @ForAll @IntRange(min = 1, max = 400) int in,
      @ForAll @IntRange(min = 1, max = 70) int out,
      @ForAll boolean withBias,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] w = floats(random, out * in);
    float[] bias = withBias ? floats(random, out) : null;
    Matrix x = view(random, tokens, in);
    Matrix scalar = view(random, tokens, out);
    Matrix vector = view(random, tokens, out);
    inTwoParts(Providers.SCALAR.linear(w, bias, out, in), x, scalar);
    inTwoParts(Providers.VECTOR.linear(w, bias, out, in), x, vector);
    assertThat(vector.copy()).isEqualTo(scalar.copy());
    for (int t = 0; t < tokens; t++) {
      for (int o = 0; o < out; o++) {
        double sum = bias == null ? 0 : bias[o];
        double magnitude = Math.abs(sum);
        for (int k = 0; k < in; k++) {
          double product = (double) w[o * in + k] * x.data()[x.at(t) + k];
          sum += product;
          magnitude += Math.abs(product);
        }
        assertThat((double) scalar.data()[scalar.at(t) + o])
            .isCloseTo(sum, within(1e-9 + magnitude * (in + 1) * 0x1p-24));
      }
    }
  }

  @Property(tries = 200)
  void quantizedLinear(
      @ForAll @IntRange(min = 1, max = 30) int tokens,
      @ForAll @IntRange(min = 1, max = 400) int in,
      @ForAll @IntRange(min = 1, max = 70) int out,
      @ForAll @IntRange(min = 2, max = 8) int weightBits,
      @ForAll @IntRange(min = 2, max = 8) int inputBits,
      @ForAll boolean withBias,
      @ForAll long seed) {
    Random random = new Random(seed);
    checkQuantized(weights(random, tokens, in, out, weightBits, inputBits, withBias), random);
  }

  /** The narrow and long linears of VMamba, some of whose tokens only pad a window. */
  @Property(tries = 12)
  void quantizedLinearWithZeroTokens(
      @ForAll @IntRange(min = 0, max = 2) int which, @ForAll boolean withBias, @ForAll long seed) {
    Random random = new Random(seed);
    int in = new int[] {6, 8, 12}[which];
    int tokens = 3136;
    QuantizedWeights weights = weights(random, tokens, in, 37, 4, 4, withBias);
    Matrix x = Matrix.of(floats(random, tokens * in), tokens, in);
    for (int t = 0; t < tokens; t += 3) {
      Arrays.fill(x.data(), t * in, (t + 1) * in, 0f);
    }
    for (CpuKernels kernels : Providers.ALL) {
      Matrix y = view(random, tokens, 37);
      inTwoParts(kernels.linear(weights), x, y);
      float[] bias = weights.bias();
      for (int t = 0; t < tokens; t += 3) {
        for (int o = 0; o < 37; o++) {
          assertThat(y.data()[y.at(t) + o])
              .as(kernels.name())
              .isEqualTo(bias == null ? 0f : bias[o]);
        }
      }
    }
    checkQuantized(weights, random);
  }

  /** Sums beyond 2^24, which a float does not hold. */
  @Property(tries = 5)
  void quantizedLinearWithLargeSums(
      @ForAll @IntRange(min = 520, max = 1700) int in, @ForAll long seed) {
    Random random = new Random(seed);
    QuantizedWeights weights = weights(random, 7, in, 19, 8, 8, true);
    Arrays.fill(weights.weight(), (byte) 127);
    Arrays.fill(scale(weights).zeroPoint(), 255);
    QuantizedWeights large = withSums(weights);
    checkQuantized(large, random);
    Matrix ones = Matrix.of(new float[7 * in], 7, in);
    assertThat(Providers.VECTOR.linear(large).trace(ones).accumulators()[0])
        .isEqualTo(255 * 127 * in);
  }

  private void checkQuantized(QuantizedWeights weights, Random random) {
    InputScale.Static inputScale = scale(weights);
    int tokens = inputScale.step().length;
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    Matrix x = view(random, tokens, in);
    Matrix scalarY = view(random, tokens, out);
    Matrix vectorY = view(random, tokens, out);
    CpuKernels.QuantizedLinear scalar = Providers.SCALAR.linear(weights);
    CpuKernels.QuantizedLinear vector = Providers.VECTOR.linear(weights);
    inTwoParts(scalar, x, scalarY);
    inTwoParts(vector, x, vectorY);
    QuantizedTrace trace = scalar.trace(x);
    assertThat(vector.trace(x).codes()).isEqualTo(trace.codes());
    assertThat(vector.trace(x).accumulators()).isEqualTo(trace.accumulators());
    assertThat(bits(vectorY)).isEqualTo(bits(scalarY));
    for (int t = 0; t < tokens; t++) {
      for (int k = 0; k < in; k++) {
        float v = x.data()[x.at(t) + k] * weights.inputSmoothing()[k];
        float scaled = v * (1f / inputScale.step()[t]);
        double code = Math.rint(scaled) + inputScale.zeroPoint()[t];
        assertThat((double) trace.codes()[t * in + k])
            .isEqualTo(Math.min(weights.inputLimit(), Math.max(0, code)));
      }
      for (int o = 0; o < out; o++) {
        long sum = 0;
        long centred = 0;
        for (int k = 0; k < in; k++) {
          int code = trace.codes()[t * in + k];
          sum += (long) code * weights.weight()[o * in + k];
          centred += (long) (code - inputScale.zeroPoint()[t]) * weights.weight()[o * in + k];
        }
        assertThat((long) trace.accumulators()[t * out + o]).isEqualTo(sum);
        double scale = (double) inputScale.step()[t] * weights.weightStep()[o];
        float[] bias = weights.bias();
        double y = centred * scale + (bias == null ? 0 : bias[o]);
        assertThat((double) scalarY.data()[scalarY.at(t) + o])
            .isCloseTo(y, within(1e-12 + 3e-7 * (Math.abs(centred * scale) + Math.abs(y))));
      }
    }
  }

  @Property(tries = 100)
  void convolution(
      @ForAll @IntRange(min = 1, max = 20) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll @IntRange(min = 1, max = 5) int width,
      @ForAll Activation activation,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] w = floats(random, channels * width);
    float[] bias = floats(random, channels);
    Matrix x = view(random, tokens, channels);
    for (CpuKernels kernels : Providers.ALL) {
      Matrix y = view(random, tokens, channels);
      CpuKernels.Convolution kernel = kernels.convolution(w, bias, channels, width, activation);
      kernel.apply(x, y, 0, tokens / 2, scratch);
      kernel.apply(x, y, tokens / 2, tokens, scratch);
      for (int t = 0; t < tokens; t++) {
        for (int c = 0; c < channels; c++) {
          double sum = bias[c];
          for (int j = Math.max(0, width - 1 - t); j < width; j++) {
            sum += (double) w[c * width + j] * x.data()[x.at(t - (width - 1) + j) + c];
          }
          double expected = Exact.activation(activation, sum);
          assertThat((double) y.data()[y.at(t) + c])
              .as(kernels.name())
              .isCloseTo(expected, within(1e-5));
        }
      }
    }
  }

  @Property(tries = 60)
  void activations(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll Activation activation,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix x = view(random, tokens, channels);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] *= 4;
    }
    for (CpuKernels kernels : Providers.ALL) {
      Matrix y = view(random, tokens, channels);
      kernels.activate(activation, x, y, 0, tokens / 2, scratch);
      kernels.activate(activation, x, y, tokens / 2, tokens, scratch);
      for (int t = 0; t < tokens; t++) {
        for (int c = 0; c < channels; c++) {
          double expected = Exact.activation(activation, x.data()[x.at(t) + c]);
          assertThat((double) y.data()[y.at(t) + c])
              .as(kernels.name())
              .isCloseTo(expected, within(3e-7 + 1e-5 * Math.abs(expected)));
        }
      }
    }
  }

  @Property(tries = 60)
  void scan(
      @ForAll @IntRange(min = 1, max = 40) int tokens,
      @ForAll @IntRange(min = 1, max = 150) int channels,
      @ForAll @IntRange(min = 1, max = 17) int states,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] aLog = floats(random, channels * states);
    float[] skip = floats(random, channels);
    Matrix u = view(random, tokens, channels);
    Matrix dt = view(random, tokens, channels);
    Matrix b = view(random, tokens, states);
    Matrix c = view(random, tokens, states);
    double[][] expected = exactScan(u, dt, b, c, aLog, skip);
    for (CpuKernels kernels : Providers.ALL) {
      Matrix y = view(random, tokens, channels);
      CpuKernels.Scan kernel = kernels.scan(aLog, skip, channels, states);
      for (int from = 0; from < channels; from += CpuKernels.Scan.CHANNELS) {
        int to = Math.min(channels, from + CpuKernels.Scan.CHANNELS);
        kernel.apply(u, dt, b, c, y, from, to, scratch);
      }
      for (int t = 0; t < tokens; t++) {
        for (int d = 0; d < channels; d++) {
          assertThat((double) y.data()[y.at(t) + d])
              .as(kernels.name())
              .isCloseTo(expected[t][d], within(1e-5 * (1 + Math.abs(expected[t][d])) * states));
        }
      }
    }
  }

  @Property(tries = 40)
  void gate(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix x = view(random, tokens, channels);
    Matrix gate = view(random, tokens, channels);
    for (CpuKernels kernels : Providers.ALL) {
      Matrix y = view(random, tokens, channels);
      kernels.gate(x, gate, y, 0, tokens, scratch);
      for (int t = 0; t < tokens; t++) {
        for (int c = 0; c < channels; c++) {
          double g = gate.data()[gate.at(t) + c];
          assertThat((double) y.data()[y.at(t) + c])
              .as(kernels.name())
              .isCloseTo(x.data()[x.at(t) + c] * g / (1 + Math.exp(-g)), within(1e-5));
        }
      }
    }
  }

  private static double[][] exactScan(
      Matrix u, Matrix dt, Matrix b, Matrix c, float[] aLog, float[] skip) {
    int states = b.columns();
    double[][] y = new double[u.rows()][u.columns()];
    for (int d = 0; d < u.columns(); d++) {
      double[] h = new double[states];
      for (int t = 0; t < u.rows(); t++) {
        double delta = Math.log1p(Math.exp(dt.data()[dt.at(t) + d]));
        double input = u.data()[u.at(t) + d];
        y[t][d] = skip[d] * input;
        for (int n = 0; n < states; n++) {
          double decay = Math.exp(-delta * Math.exp(aLog[d * states + n]));
          h[n] = decay * h[n] + delta * b.data()[b.at(t) + n] * input;
          y[t][d] += c.data()[c.at(t) + n] * h[n];
        }
      }
    }
    return y;
  }

  /** Where the work is cut must not matter. */
  private void inTwoParts(CpuKernels.Linear kernel, Matrix x, Matrix y) {
    int cut = y.rows() / 3;
    Matrix rest = new Matrix(x.data(), x.at(cut), x.stride(), x.rows() - cut, x.columns());
    kernel.apply(rest, 0, y, cut, y.rows(), scratch);
    kernel.apply(x, y, 0, cut, scratch);
  }

  static QuantizedWeights weights(
      Random random, int tokens, int in, int out, int weightBits, int inputBits, boolean withBias) {
    int limit = (1 << inputBits) - 1;
    int weightLimit = (1 << weightBits - 1) - 1;
    byte[] w = new byte[out * in];
    for (int i = 0; i < w.length; i++) {
      w[i] = (byte) (random.nextInt(2 * weightLimit + 1) - weightLimit);
    }
    int[] zero = random.ints(tokens, 0, limit + 1).toArray();
    float[] step = floats(random, tokens);
    for (int t = 0; t < tokens; t++) {
      step[t] = (0.5f + Math.abs(step[t])) * 4 / limit;
    }
    float[] smoothing = floats(random, in);
    for (int k = 0; k < in; k++) {
      smoothing[k] = 0.5f + Math.abs(smoothing[k]);
    }
    float[] weightStep = floats(random, out);
    for (int o = 0; o < out; o++) {
      weightStep[o] = 0.01f + Math.abs(weightStep[o]);
    }
    return withSums(
        new QuantizedWeights(
            out,
            in,
            w,
            weightStep,
            new int[out],
            new int[out],
            smoothing,
            new InputScale.Static(step, zero),
            limit,
            null,
            withBias ? floats(random, out) : null));
  }

  private static InputScale.Static scale(QuantizedWeights weights) {
    return (InputScale.Static) weights.inputScale();
  }

  static QuantizedWeights withSums(QuantizedWeights weights) {
    int in = weights.inFeatures();
    for (int o = 0; o < weights.outFeatures(); o++) {
      weights.rowSum()[o] = 0;
      weights.rowMagnitude()[o] = 0;
      for (int k = 0; k < in; k++) {
        weights.rowSum()[o] += weights.weight()[o * in + k];
        weights.rowMagnitude()[o] += Math.abs(weights.weight()[o * in + k]);
      }
    }
    return weights;
  }

  /** A matrix inside a wider one, as a range of channels is. */
  static Matrix view(Random random, int rows, int columns) {
    int stride = columns + random.nextInt(3);
    int offset = random.nextInt(4);
    return new Matrix(floats(random, offset + rows * stride), offset, stride, rows, columns);
  }

  private static int[] bits(Matrix matrix) {
    float[] copy = matrix.copy();
    int[] bits = new int[copy.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(copy[i]));
    return bits;
  }

  static float[] floats(Random random, int n) {
    float[] floats = new float[n];
    for (int i = 0; i < n; i++) {
      floats[i] = (float) random.nextGaussian();
    }
    return floats;
  }
}
