package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import io.github.ptq4vm.network.Activation;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The causal depthwise convolution of {@link io.github.ptq4vm.network.Operation.CausalConvolution}
 * with its activation, and the gradient of its input.
 */
final class ConvolutionKernel {
  private final int tokens;
  private final int channels;
  private final int width;
  private final float[] weight; // [width][channels]
  private final float[] bias;
  private final Activation activation;

  ConvolutionKernel(
      int tokens, int channels, int width, float[] weight, float[] bias, Activation activation) {
    this.tokens = tokens;
    this.channels = channels;
    this.width = width;
    this.bias = bias;
    this.activation = activation;
    this.weight = new float[weight.length];
    for (int c = 0; c < channels; c++) {
      for (int j = 0; j < width; j++) {
        this.weight[j * channels + c] = weight[c * width + j];
      }
    }
  }

  void forward(Parallel parallel, int images, float[] x, float[] y) {
    parallel.forRange(
        images,
        (part, from, to) -> {
          for (int image = from; image < to; image++) {
            convolve(x, image, y, image * tokens * channels);
            Activations.apply(activation, y, image * tokens * channels, tokens * channels);
          }
        });
  }

  /** Writes the gradient of the input for the gradient {@code gy} of the output to {@code gx}. */
  void backward(Parallel parallel, int images, float[] x, float[] gy, float[] gx) {
    parallel.forRange(
        images,
        (part, from, to) -> {
          float[] before = new float[tokens * channels];
          for (int image = from; image < to; image++) {
            int start = image * tokens * channels;
            convolve(x, image, before, 0);
            Activations.gradient(activation, before, 0, gy, start, before.length);
            correlate(before, gx, start);
          }
        });
  }

  /** The convolution of one image, before the activation. */
  private void convolve(float[] x, int image, float[] out, int outStart) {
    int start = image * tokens * channels;
    for (int t = 0; t < tokens; t++) {
      int y = outStart + t * channels;
      System.arraycopy(bias, 0, out, y, channels);
      for (int j = Math.max(0, width - 1 - t); j < width; j++) {
        multiplyAdd(x, start + (t - (width - 1) + j) * channels, j, out, y);
      }
    }
  }

  /** Its transpose: what each input token gets from the outputs it reaches. */
  private void correlate(float[] g, float[] gx, int start) {
    for (int t = 0; t < tokens; t++) {
      int to = start + t * channels;
      Arrays.fill(gx, to, to + channels, 0f);
      for (int j = 0; j < width; j++) {
        int source = t + width - 1 - j;
        if (source < tokens) {
          multiplyAdd(g, source * channels, j, gx, to);
        }
      }
    }
  }

  /** {@code out += tap j * in}, over the channels of one token. */
  private void multiplyAdd(float[] in, int from, int j, float[] out, int to) {
    int bound = VectorMath.SPECIES.loopBound(channels);
    int taps = j * channels;
    for (int c = 0; c < bound; c += LANES) {
      FloatVector sum = load(in, from + c).fma(load(weight, taps + c), load(out, to + c));
      sum.intoArray(out, to + c);
    }
    for (int c = bound; c < channels; c++) {
      out[to + c] = Math.fma(in[from + c], weight[taps + c], out[to + c]);
    }
  }
}
