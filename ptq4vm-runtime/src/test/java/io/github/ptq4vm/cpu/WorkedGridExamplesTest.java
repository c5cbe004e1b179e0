package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Small examples with numbers that PyTorch computed, or that the eye can check. */
class WorkedGridExamplesTest {
  static final List<CpuKernels> PROVIDERS = Providers.ALL;

  private static final int CHANNELS = 17;

  /** The grid 0 to 11 in rows of 4, under 3 x 3 taps -3 to 5 and under 5 x 5 taps -12 to 12. */
  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void depthwiseConvolution(CpuKernels kernels) {
    float[] grid = floats(12, i -> i);
    expect(
        depthwise(kernels, grid, 3, -3, 0.5f),
        43.5,
        67.5,
        82.5,
        49.5,
        90.5,
        123.5,
        132.5,
        69.5,
        13.5,
        1.5,
        -1.5,
        -20.5);
    expect(
        depthwise(kernels, grid, 5, -12, 0),
        396,
        538,
        472,
        342,
        171,
        208,
        142,
        72,
        -54,
        -122,
        -188,
        -198);
  }

  private static float[] depthwise(
      CpuKernels kernels, float[] grid, int kernel, int firstTap, float bias) {
    float[] x = floats(12 * CHANNELS, i -> grid[i / CHANNELS]);
    float[] weight = floats(CHANNELS * kernel * kernel, i -> firstTap + i % (kernel * kernel));
    float[] biases = new float[CHANNELS];
    Arrays.fill(biases, bias);
    Matrix y = Matrix.of(new float[12 * CHANNELS], 12, CHANNELS);
    kernels
        .depthwise(
            weight,
            bias == 0 ? null : biases,
            CHANNELS,
            new GridWindow(3, 4, kernel),
            Activation.NONE)
        .apply(Matrix.of(x, 12, CHANNELS), y, 0, 12, new Scratch());
    float[] first = floats(12, t -> y.data()[t * CHANNELS]);
    for (int i = 0; i < x.length; i++) {
      assertThat(y.data()[i]).as("every channel").isEqualTo(first[i / CHANNELS]);
    }
    return first;
  }

  /** Three planes of 4 x 5, kernel 3, stride 2, padding 1, two outputs. */
  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void convolutionWithPadding(CpuKernels kernels) {
    float[] x = new float[60];
    for (int i = 0; i < 60; i++) {
      x[i % 20 * 3 + i / 20] = 7 * i % 13 - 6;
    }
    float[] weight = floats(54, i -> 5 * i % 9 - 4);
    GridOperation.Convolution2d operation =
        new GridOperation.Convolution2d("y", "x", 3, 2, 4, 5, 3, 2, 1, "w", "b");
    Step step = new PatchStep(operation, weight, new float[] {1, -1}, kernels, 0, 1);
    expect(
        StepRunner.run(step, 6, 2, Matrix.of(x, 20, 3)),
        -15,
        -17,
        -7,
        -9,
        11,
        9,
        49,
        47,
        86,
        84,
        5,
        3);
  }

  /** Tokens 1 to 9 of a grid of 3 x 3, each with two channels. */
  @Test
  void mergingOfPatches() {
    float[] x = floats(18, i -> i % 2 == 0 ? 1 + i / 2 : -1 - i / 2);
    RangeStep.Range step =
        new MergePatchesStep(new GridOperation.MergePatches("y", "x", 2, 3, 3), 0, 1);
    expect(
        StepRunner.run(step, 4, 8, Matrix.of(x, 9, 2)),
        1,
        -1,
        4,
        -4,
        2,
        -2,
        5,
        -5,
        3,
        -3,
        6,
        -6,
        0,
        0,
        0,
        0,
        7,
        -7,
        0,
        0,
        8,
        -8,
        0,
        0,
        9,
        -9,
        0,
        0,
        0,
        0,
        0,
        0);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void layerNorm(CpuKernels kernels) {
    float[] offsets = {0, 10, -100};
    float[] x = floats(30, i -> (7 * i % 11 - 5) * 0.5f + offsets[i / 10]);
    float[] weight = new float[10];
    float[] bias = new float[10];
    for (int c = 0; c < 10; c++) {
      weight[c] = 1 + 0.1f * c;
      bias[c] = 0.2f * c - 1;
    }
    float[] y = new float[30];
    kernels
        .layerNorm(weight, bias, 1e-5f)
        .apply(Matrix.of(x, 3, 10), Matrix.of(y, 3, 10), 0, 3, new Scratch());
    double[] expected = {
      -2.5454517, -0.16666783, -1.363635, 1.5302995, 0.18181748, -1.4090883, 2.0909056, 0.34848494,
      -1.6363595, 2.4696939, -1.2212484, -2.4340774, 0.27235082, -1.0985128, 2.145233, 0.61633482,
      -1.1654187, 2.7104654, 0.77067734, -1.421966, -0.14466465, -1.3066217, -2.7317589, 0.28426828,
      -1.3053565, 2.2699284, 0.51581613, -1.5014763, 2.7317589, 0.5499789
    };
    for (int i = 0; i < 30; i++) {
      assertThat((double) y[i]).as("element %d", i).isCloseTo(expected[i], within(1e-5));
    }
  }

  /** A quarter turn, none, and a turn by 60 degrees. */
  @Test
  void rotationOfPairs() {
    float half = 0.5f;
    float root = (float) Math.sqrt(0.75);
    float[] cos = {0, 0, 1, 1, half, half};
    float[] sin = {1, 1, 0, 0, root, root};
    float[] y =
        StepRunner.run(
            new RotatePairsStep(cos, sin, 0, 1),
            1,
            6,
            Matrix.of(new float[] {3, 4, 5, 6, 2, 0}, 1, 6));
    assertThat(y).containsExactly(-4, 3, 5, 6, 1, 2 * root);
  }

  private static float[] floats(int count, IntToDoubleFunction f) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = (float) f.applyAsDouble(i);
    }
    return floats;
  }

  private static void expect(float[] actual, double... expected) {
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).as("element %d", i).isEqualTo(expected[i]);
    }
  }
}
