package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Operations on grids of random shapes, one row and one column included, on both providers. */
class GridParityTest {
  private final Scratch scratch = new Scratch();

  @Property(tries = 150)
  void depthwiseConvolution(
      @ForAll @IntRange(min = 1, max = 7) int height,
      @ForAll @IntRange(min = 1, max = 7) int width,
      @ForAll @IntRange(min = 1, max = 40) int channels,
      @ForAll @IntRange(min = 0, max = 3) int half,
      @ForAll boolean withBias,
      @ForAll Activation activation,
      @ForAll long seed) {
    Random random = new Random(seed);
    int kernel = 2 * half + 1;
    int tokens = height * width;
    float[] w = KernelParityTest.floats(random, channels * kernel * kernel);
    float[] bias = withBias ? KernelParityTest.floats(random, channels) : null;
    Matrix x = KernelParityTest.view(random, tokens, channels);
    GridWindow window = new GridWindow(height, width, kernel);
    float[][] results = new float[2][];
    for (int p = 0; p < 2; p++) {
      CpuKernels kernels = Providers.ALL.get(p);
      Matrix y = KernelParityTest.view(random, tokens, channels);
      CpuKernels.Convolution convolution = kernels.depthwise(w, bias, channels, window, activation);
      convolution.apply(x, y, tokens / 3, tokens, scratch);
      convolution.apply(x, y, 0, tokens / 3, scratch);
      results[p] = y.copy();
      for (int t = 0; t < tokens; t++) {
        for (int c = 0; c < channels; c++) {
          double sum = bias == null ? 0 : bias[c];
          for (int u = 0; u < kernel; u++) {
            for (int v = 0; v < kernel; v++) {
              int row = t / width + u - half;
              int column = t % width + v - half;
              if (row >= 0 && row < height && column >= 0 && column < width) {
                double pixel = x.data()[x.at(row * width + column) + c];
                sum += w[(c * kernel + u) * kernel + v] * pixel;
              }
            }
          }
          assertThat((double) results[p][t * channels + c])
              .as(kernels.name())
              .isCloseTo(Exact.activation(activation, sum), within(3e-5));
        }
      }
    }
    if (activation == Activation.NONE || activation == Activation.GELU) {
      assertThat(results[1]).isEqualTo(results[0]);
    }
  }

  @Property(tries = 150)
  void denseConvolution(
      @ForAll @IntRange(min = 1, max = 7) int height,
      @ForAll @IntRange(min = 1, max = 7) int width,
      @ForAll @IntRange(min = 1, max = 9) int in,
      @ForAll @IntRange(min = 1, max = 20) int out,
      @ForAll @IntRange(min = 1, max = 5) int wishedKernel,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll @IntRange(min = 0, max = 4) int wishedPadding,
      @ForAll long seed) {
    int padding = Math.min(wishedPadding, wishedKernel - 1);
    int kernel = Math.min(wishedKernel, Math.min(height, width) + 2 * padding);
    GridOperation.Convolution2d operation =
        new GridOperation.Convolution2d(
            "y", "x", in, out, height, width, kernel, stride, padding, "w", "b");
    Random random = new Random(seed);
    float[] w = KernelParityTest.floats(random, out * in * kernel * kernel);
    float[] b = KernelParityTest.floats(random, out);
    Matrix x = KernelParityTest.view(random, height * width, in);
    int tokens = operation.outHeight() * operation.outWidth();
    float[][] results = new float[2][];
    for (int p = 0; p < 2; p++) {
      Step step = new PatchStep(operation, w, b, Providers.ALL.get(p), 0, 1);
      results[p] = StepRunner.run(step, tokens, out, x);
    }
    assertThat(results[1]).isEqualTo(results[0]);
    for (int t = 0; t < tokens; t++) {
      for (int o = 0; o < out; o++) {
        double sum = b[o];
        for (int i = 0; i < in * kernel * kernel; i++) {
          int row = t / operation.outWidth() * stride - padding + i / kernel % kernel;
          int column = t % operation.outWidth() * stride - padding + i % kernel;
          if (row >= 0 && row < height && column >= 0 && column < width) {
            int channel = i / (kernel * kernel);
            double pixel = x.data()[x.at(row * width + column) + channel];
            sum += w[o * in * kernel * kernel + i] * pixel;
          }
        }
        assertThat((double) results[0][t * out + o]).isCloseTo(sum, within(1e-4));
      }
    }
  }

  @Property(tries = 60)
  void merging(
      @ForAll @IntRange(min = 1, max = 7) int height,
      @ForAll @IntRange(min = 1, max = 7) int width,
      @ForAll @IntRange(min = 1, max = 9) int channels,
      @ForAll long seed) {
    Matrix x = KernelParityTest.view(new Random(seed), height * width, channels);
    GridOperation.MergePatches operation =
        new GridOperation.MergePatches("y", "x", channels, height, width);
    int columns = operation.outWidth();
    float[] y =
        StepRunner.run(
            new MergePatchesStep(operation, 0, 1),
            operation.outHeight() * columns,
            4 * channels,
            x);
    int found = 0;
    for (int i = 0; i < height; i++) {
      for (int j = 0; j < width; j++) {
        for (int c = 0; c < channels; c++) {
          int token = i / 2 * columns + j / 2;
          int quarter = i % 2 + 2 * (j % 2);
          assertThat(y[(token * 4 + quarter) * channels + c])
              .isEqualTo(x.data()[x.at(i * width + j) + c]);
          found++;
        }
      }
    }
    int zeros = 0;
    for (float value : y) {
      zeros += value == 0 ? 1 : 0;
    }
    assertThat(found + zeros).isEqualTo(y.length);
  }
}
