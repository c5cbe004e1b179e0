package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.network.Activation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The causal convolution against a hand-worked example and plain sums in double precision. */
class ConvolutionKernelTest {
  private final Parallel parallel = new Parallel(2);

  @AfterEach
  void close() {
    parallel.close();
  }

  /** The convolution as it is written down. */
  private record Exact(
      int images,
      int tokens,
      int channels,
      int width,
      float[] weight,
      float[] bias,
      Activation activation) {

    double[] apply(double[] x) {
      double[] y = new double[x.length];
      for (int i = 0; i < y.length; i++) {
        int c = i % channels;
        int t = i / channels % tokens;
        double sum = bias[c];
        for (int j = 0; j < width; j++) {
          if (t - (width - 1) + j >= 0) {
            sum += weight[c * width + j] * x[i + (j - (width - 1)) * channels];
          }
        }
        y[i] = activation == Activation.SILU ? sum / (1 + Math.exp(-sum)) : sum;
      }
      return y;
    }
  }

  @Test
  void fourTapsByHand() {
    ConvolutionKernel kernel =
        new ConvolutionKernel(
            5, 1, 4, new float[] {.1f, .2f, .3f, .4f}, new float[] {.5f}, Activation.NONE);
    float[] y = new float[5];
    kernel.forward(parallel, 1, new float[] {1, 2, 3, 4, 5}, y);
    assertThat(y).containsExactly(new float[] {0.9f, 1.6f, 2.5f, 3.5f, 4.5f}, within(1e-6f));
  }

  @ParameterizedTest
  @CsvSource({
    "1,5,1,4,NONE",
    "2,5,7,4,SILU",
    "3,9,8,4,SILU",
    "2,2,9,4,SILU",
    "1,1,17,4,NONE",
    "2,6,19,3,SILU"
  })
  void forwardAndBackward(int images, int tokens, int channels, int width, Activation activation) {
    float[] weight = Values.gaussian(1, channels * width);
    float[] bias = Values.gaussian(2, channels);
    float[] x = Values.gaussian(3, images * tokens * channels);
    float[] gy = Values.gaussian(4, x.length);
    Exact exact = new Exact(images, tokens, channels, width, weight, bias, activation);
    ConvolutionKernel kernel =
        new ConvolutionKernel(tokens, channels, width, weight, bias, activation);

    float[] y = Values.gaussian(5, x.length);
    kernel.forward(parallel, images, x, y);
    assertThat(Values.relativeError(y, exact.apply(Values.doubles(x)))).isLessThan(1e-6);

    float[] gx = Values.gaussian(6, x.length);
    kernel.backward(parallel, images, x, gy, gx);
    double[] expected =
        FiniteDifferences.gradient(
            Values.doubles(x), point -> FiniteDifferences.dot(gy, exact.apply(point)));
    assertThat(Values.relativeError(gx, expected)).isLessThan(1e-6);
  }
}
