package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;
import static io.github.ptq4vm.compiler.tensor.VectorMath.store;

import io.github.ptq4vm.network.Activation;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;

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
  private final boolean silu;

  ConvolutionKernel(
      int tokens, int channels, int width, float[] weight, float[] bias, Activation activation) {
    this.tokens = tokens;
    this.channels = channels;
    this.width = width;
    this.bias = bias;
    this.silu = activation == Activation.SILU;
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
            for (int c = 0; c < channels; c += LANES) {
              VectorMask<Float> mask = VectorMath.tail(c, channels);
              for (int t = 0; t < tokens; t++) {
                FloatVector p = convolve(x, image, t, c, mask);
                store(silu ? p.mul(VectorMath.sigmoid(p)) : p, y, at(image, t, c), mask);
              }
            }
          }
        });
  }

  /** Writes the gradient of the input for the gradient {@code gy} of the output to {@code gx}. */
  void backward(Parallel parallel, int images, float[] x, float[] gy, float[] gx) {
    parallel.forRange(
        images,
        (part, from, to) -> {
          // Gradients before the activation, with the zeros after the last token that taps reach.
          float[] before = new float[(tokens + width - 1) * LANES];
          for (int image = from; image < to; image++) {
            for (int c = 0; c < channels; c += LANES) {
              VectorMask<Float> mask = VectorMath.tail(c, channels);
              Arrays.fill(before, 0f);
              for (int t = 0; t < tokens; t++) {
                FloatVector g = load(gy, at(image, t, c), mask);
                if (silu) {
                  FloatVector p = convolve(x, image, t, c, mask);
                  FloatVector s = VectorMath.sigmoid(p);
                  g = g.mul(s.mul(p.mul(VectorMath.broadcast(1f).sub(s)).add(1f)));
                }
                g.intoArray(before, t * LANES);
              }
              for (int t = 0; t < tokens; t++) {
                FloatVector sum = VectorMath.broadcast(0f);
                for (int j = 0; j < width; j++) {
                  FloatVector g =
                      FloatVector.fromArray(
                          VectorMath.SPECIES, before, (t + width - 1 - j) * LANES);
                  sum = g.fma(load(weight, j * channels + c, mask), sum);
                }
                store(sum, gx, at(image, t, c), mask);
              }
            }
          }
        });
  }

  private FloatVector convolve(
      float[] x, int image, int t, int c, @Nullable VectorMask<Float> mask) {
    FloatVector sum = load(bias, c, mask);
    for (int j = Math.max(0, width - 1 - t); j < width; j++) {
      sum =
          load(x, at(image, t - (width - 1) + j, c), mask)
              .fma(load(weight, j * channels + c, mask), sum);
    }
    return sum;
  }

  private int at(int image, int t, int c) {
    return (image * tokens + t) * channels + c;
  }
}
