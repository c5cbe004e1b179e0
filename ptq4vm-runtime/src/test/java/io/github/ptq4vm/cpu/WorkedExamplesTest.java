package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Small examples with known results, each in 17 equal channels so that vectors take part. */
class WorkedExamplesTest {
  static final List<CpuKernels> PROVIDERS = Providers.ALL;

  private static final int CHANNELS = 17;

  private final Scratch scratch = new Scratch();

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void scanWithOneState(CpuKernels kernels) {
    float one = (float) Math.log(Math.E - 1);
    float[][] y =
        scan(
            kernels,
            new float[] {0},
            0.5f,
            new float[] {1, 2, 3},
            new float[] {one, one, one},
            new float[] {1, 1, 1},
            new float[] {1, 1, 1});
    expect(y, 1.5, 3.36787944, 5.37109417);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void scanWithTwoStates(CpuKernels kernels) {
    float[][] y =
        scan(
            kernels,
            new float[] {0, (float) Math.log(2)},
            1f,
            new float[] {1, -1},
            new float[] {0.6f, -0.4f},
            new float[] {1, 0.5f, 2, -1},
            new float[] {1, 2, 1, 0.5f});
    expect(y, 3.0749759, -1.05542574);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void causalConvolution(CpuKernels kernels) {
    float[] weight = new float[4 * CHANNELS];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = 0.1f * (i % 4 + 1);
    }
    float[] bias = new float[CHANNELS];
    Arrays.fill(bias, 0.5f);
    Matrix y = Matrix.of(new float[5 * CHANNELS], 5, CHANNELS);
    kernels
        .convolution(weight, bias, CHANNELS, 4, Activation.NONE)
        .apply(columns(1, 2, 3, 4, 5), y, 0, 5, scratch);
    expect(rows(y), 0.9, 1.6, 2.5, 3.5, 4.5);
  }

  /** The published quantizer's own numbers for 4 bits, for three tokens and three outputs. */
  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void quantizedLinear(CpuKernels kernels) {
    float[] sigma = {2.8867514f, 2.6076810f, 2.7712815f, 2.3237901f};
    float[] weightStep = {0.30001596f, 0.27939436f, 0.24248710f};
    byte[] codes = new byte[12];
    int[] sums = new int[3];
    int[] magnitudes = new int[3];
    for (int i = 0; i < codes.length; i++) {
      double w = ((5 * (i / 4) + 7 * (i % 4)) % 13 - 6) * 0.125;
      double code = Math.rint(w * sigma[i % 4] / weightStep[i / 4]);
      codes[i] = (byte) Math.max(-7, Math.min(7, code));
      sums[i / 4] += codes[i];
      magnitudes[i / 4] += Math.abs(codes[i]);
    }
    float[] smoothing = new float[4];
    for (int c = 0; c < 4; c++) {
      smoothing[c] = 1f / sigma[c];
    }
    float[] x = new float[12];
    for (int i = 0; i < x.length; i++) {
      int t = i / 4;
      int c = i % 4;
      x[i] = (float) (((5 * t + 3 * c) % 11 - 5) * 0.25 * (1 + 2 * t) + 0.1 * c);
    }
    QuantizedWeights weights =
        new QuantizedWeights(
            3,
            4,
            codes,
            weightStep,
            sums,
            magnitudes,
            smoothing,
            new InputScale.Static(
                new float[] {0.06483965f, 0.19755745f, 0.24941531f}, new int[] {7, 6, 7}),
            15,
            null,
            null);
    Matrix y = Matrix.of(new float[9], 3, 3);
    kernels.linear(weights).apply(Matrix.of(x, 3, 4), y, 0, 3, scratch);
    assertThat(Arrays.copyOf(y.data(), 6))
        .containsExactly(
            new float[] {
              0.87538171f, -0.99637067f, -0.36162388f, 2.07446361f, 2.92541099f, -2.58687735f
            },
            within(2e-6f));
  }

  private float[][] scan(
      CpuKernels kernels, float[] aLog, float skip, float[] u, float[] dt, float[] b, float[] c) {
    int states = aLog.length;
    float[] aLogs = new float[CHANNELS * states];
    for (int i = 0; i < aLogs.length; i++) {
      aLogs[i] = aLog[i % states];
    }
    float[] skips = new float[CHANNELS];
    Arrays.fill(skips, skip);
    Matrix y = Matrix.of(new float[u.length * CHANNELS], u.length, CHANNELS);
    kernels
        .scan(aLogs, skips, CHANNELS, states)
        .apply(
            columns(u),
            columns(dt),
            Matrix.of(b, u.length, states),
            Matrix.of(c, u.length, states),
            y,
            0,
            CHANNELS,
            scratch);
    return rows(y);
  }

  private static Matrix columns(float... values) {
    float[] data = new float[values.length * CHANNELS];
    for (int i = 0; i < data.length; i++) {
      data[i] = values[i / CHANNELS];
    }
    return Matrix.of(data, values.length, CHANNELS);
  }

  private static float[][] rows(Matrix matrix) {
    float[][] rows = new float[matrix.rows()][];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = Arrays.copyOfRange(matrix.data(), matrix.at(r), matrix.at(r) + matrix.columns());
    }
    return rows;
  }

  private static void expect(float[][] rows, double... expected) {
    for (int r = 0; r < expected.length; r++) {
      for (float value : rows[r]) {
        assertThat((double) value).as("row %d", r).isCloseTo(expected[r], within(2e-6));
      }
    }
  }
}
