package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The depthwise convolution of {@link GridOperation.DepthwiseConvolution2d} with its activation,
 * and the gradient of its input.
 */
final class DepthwiseKernel {
  private final int height;
  private final int width;
  private final int channels;
  private final int kernel;
  private final int middle;
  private final float[] weight; // [kernel][kernel][channels]
  private final float[] bias; // [channels]
  private final Activation activation;

  /** Takes the parameters; an empty bias is none. */
  DepthwiseKernel(GridOperation.DepthwiseConvolution2d op, float[] weight, float[] bias) {
    this.height = op.height();
    this.width = op.width();
    this.channels = op.channels();
    this.kernel = op.kernel();
    this.middle = (kernel - 1) / 2;
    this.activation = op.activation();
    this.bias = Arrays.copyOf(bias, channels);
    this.weight = new float[weight.length];
    int taps = kernel * kernel;
    for (int c = 0; c < channels; c++) {
      for (int tap = 0; tap < taps; tap++) {
        this.weight[tap * channels + c] = weight[c * taps + tap];
      }
    }
  }

  void forward(Parallel parallel, int images, float[] x, float[] y) {
    parallel.forRange(
        images * height,
        (part, from, to) -> {
          for (int row = from; row < to; row++) {
            int start = row / height * height * width * channels;
            int out = row * width * channels;
            convolve(x, start, row % height, y, out);
            Activations.apply(activation, y, out, width * channels);
          }
        });
  }

  /** Writes the gradient of the input for the gradient {@code gy} of the output to {@code gx}. */
  void backward(Parallel parallel, int images, float[] x, float[] gy, float[] gx) {
    int size = width * channels;
    parallel.forRange(
        images,
        (part, from, to) -> {
          float[] before = new float[height * size];
          for (int image = from; image < to; image++) {
            int start = image * height * size;
            for (int row = 0; row < height; row++) {
              convolve(x, start, row, before, row * size);
              Activations.gradient(activation, before, row * size, gy, start + row * size, size);
            }
            for (int row = 0; row < height; row++) {
              correlate(before, row, gx, start + row * size);
            }
          }
        });
  }

  /** One row of the grid, before the activation. */
  private void convolve(float[] x, int start, int row, float[] out, int outStart) {
    for (int column = 0; column < width; column++) {
      System.arraycopy(bias, 0, out, outStart + column * channels, channels);
    }
    for (int v = 0; v < kernel; v++) {
      int source = row + v - middle;
      if (source >= 0 && source < height) {
        addRow(x, start + source * width * channels, v * kernel, 1, out, outStart);
      }
    }
  }

  /** Its transpose: what one row of inputs gets from the outputs it reaches. */
  private void correlate(float[] g, int row, float[] gx, int gxStart) {
    Arrays.fill(gx, gxStart, gxStart + width * channels, 0f);
    for (int v = 0; v < kernel; v++) {
      int source = row - v + middle;
      if (source >= 0 && source < height) {
        addRow(g, source * width * channels, v * kernel, -1, gx, gxStart);
      }
    }
  }

  /** Adds one row of taps; they lie in the direction of columns or, for the transpose, against. */
  private void addRow(float[] in, int from, int firstTap, int direction, float[] out, int to) {
    for (int column = 0; column < width; column++) {
      for (int h = 0; h < kernel; h++) {
        int source = column + direction * (h - middle);
        if (source >= 0 && source < width) {
          multiplyAdd(in, from + source * channels, firstTap + h, out, to + column * channels);
        }
      }
    }
  }

  /** {@code out += tap * in}, over the channels of one token. */
  private void multiplyAdd(float[] in, int from, int tap, float[] out, int to) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    int taps = tap * channels;
    for (int c = 0; c < bound; c += LANES) {
      FloatVector sum = load(in, from + c).fma(load(weight, taps + c), load(out, to + c));
      sum.intoArray(out, to + c);
    }
    for (int c = bound; c < channels; c++) {
      out[to + c] = Math.fma(in[from + c], weight[taps + c], out[to + c]);
    }
  }
}
