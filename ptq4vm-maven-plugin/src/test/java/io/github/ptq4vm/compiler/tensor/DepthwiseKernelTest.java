package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation.DepthwiseConvolution2d;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The depthwise convolution by hand and against plain sums in double precision. */
class DepthwiseKernelTest {
  private final Parallel parallel = new Parallel(2);

  @AfterEach
  void close() {
    parallel.close();
  }

  private static DepthwiseConvolution2d operation(
      int channels, int height, int width, int kernel, boolean bias, Activation activation) {
    return new DepthwiseConvolution2d(
        "y", "x", channels, height, width, kernel, "weight", bias ? "bias" : "", activation);
  }

  /** The convolution as it is written down. */
  private static double[] exact(
      DepthwiseConvolution2d op, float[] weight, float[] bias, double[] x) {
    int p = (op.kernel() - 1) / 2;
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      int c = i % op.channels();
      int column = i / op.channels() % op.width();
      int row = i / op.channels() / op.width() % op.height();
      double sum = op.hasBias() ? bias[c] : 0;
      for (int v = 0; v < op.kernel(); v++) {
        for (int h = 0; h < op.kernel(); h++) {
          boolean inside =
              row - p + v >= 0
                  && row - p + v < op.height()
                  && column - p + h >= 0
                  && column - p + h < op.width();
          if (inside) {
            sum +=
                weight[(c * op.kernel() + v) * op.kernel() + h]
                    * x[i + ((v - p) * op.width() + h - p) * op.channels()];
          }
        }
      }
      y[i] = op.activation() == Activation.SILU ? sum / (1 + Math.exp(-sum)) : sum;
    }
    return y;
  }

  @Test
  void aGridOfTwoByThreeByHand() {
    DepthwiseConvolution2d op = operation(1, 2, 3, 3, true, Activation.NONE);
    float[] weight = {1, 10, 100, 2, 20, 200, 3, 30, 300};
    float[] y = new float[6];
    new DepthwiseKernel(op, weight, new float[] {5})
        .forward(parallel, 1, new float[] {1, 2, 3, 4, 5, 6}, y);
    assertThat(y)
        .containsExactly(
            5 + 20 + 400 + 120 + 1500,
            5 + 2 + 40 + 600 + 12 + 150 + 1800,
            5 + 4 + 60 + 15 + 180,
            5 + 10 + 200 + 80 + 1000,
            5 + 1 + 20 + 300 + 8 + 100 + 1200,
            5 + 2 + 30 + 10 + 120);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1,1,3,true,NONE",
    "2,2,5,7,3,true,SILU",
    "3,4,3,8,3,false,SILU",
    "1,3,2,19,5,true,SILU",
    "2,5,4,9,1,false,NONE",
    "1,1,6,17,3,true,SILU"
  })
  void forwardAndBackward(
      int images,
      int height,
      int width,
      int channels,
      int kernel,
      boolean hasBias,
      Activation activation) {
    DepthwiseConvolution2d op = operation(channels, height, width, kernel, hasBias, activation);
    float[] weight = Values.gaussian(1, channels * kernel * kernel);
    float[] bias = hasBias ? Values.gaussian(2, channels) : new float[0];
    float[] x = Values.gaussian(3, images * height * width * channels);
    float[] gy = Values.gaussian(4, x.length);
    DepthwiseKernel tested = new DepthwiseKernel(op, weight, bias);

    float[] y = Values.gaussian(5, x.length);
    tested.forward(parallel, images, x, y);
    // Whole batches in double: an image is a grid of its own.
    int size = height * width * channels;
    double[] expected = new double[x.length];
    for (int image = 0; image < images; image++) {
      double[] one = new double[size];
      System.arraycopy(Values.doubles(x), image * size, one, 0, size);
      System.arraycopy(exact(op, weight, bias, one), 0, expected, image * size, size);
    }
    assertThat(Values.relativeError(y, expected)).isLessThan(1e-6);

    float[] gx = Values.gaussian(6, x.length);
    tested.backward(parallel, images, x, gy, gx);
    double[] gradient =
        FiniteDifferences.gradient(
            Values.doubles(x), point -> FiniteDifferences.dot(gy, exact(op, weight, bias, point)));
    assertThat(Values.relativeError(gx, gradient)).isLessThan(1e-6);
  }
}
