package io.github.ptq4vm.network;

import java.util.List;

/** Operations on a grid that is held row-major as tokens. */
public sealed interface GridOperation extends Operation.Unary {

  /**
   * Dense two-dimensional convolution of a grid held row-major as tokens: patch embedding, stems
   * and downsampling. {@code y[i*gw+j][o] = bias[o] + sum w[o][c][u][v] * x[(i*s-p+u)*W +
   * j*s-p+v][c]}, with zeros outside the grid.
   *
   * @param height height of the input grid
   * @param width width of the input grid
   * @param kernel side of the square kernel
   * @param padding zeros beyond each edge of the grid, fewer than {@code kernel}
   * @param weight parameter of shape {@code [outChannels, inChannels, kernel, kernel]}
   * @param bias parameter of shape {@code [outChannels]}
   */
  record Convolution2d(
      String output,
      String input,
      int inChannels,
      int outChannels,
      int height,
      int width,
      int kernel,
      int stride,
      int padding,
      String weight,
      String bias)
      implements GridOperation {

    /** Checks that sizes are possible and the kernel fits the grid. */
    public Convolution2d {
      Shapes.requirePositive(
          output, "inChannels, outChannels, height, width", inChannels, outChannels, height, width);
      if (kernel <= 0
          || stride <= 0
          || padding < 0
          || padding >= kernel
          || kernel - 2L * padding > Math.min(height, width)) {
        throw new InvalidNetworkException(
            "Operation \""
                + output
                + "\": a kernel of "
                + kernel
                + " with stride "
                + stride
                + " and padding "
                + padding
                + " does not fit a grid of "
                + height
                + " x "
                + width
                + ".");
      }
      Shapes.tokens(output, height, width);
      Shapes.tokens(
          output, along(height, kernel, stride, padding), along(width, kernel, stride, padding));
    }

    private static long along(int extent, int kernel, int stride, int padding) {
      return (extent + 2L * padding - kernel) / stride + 1;
    }

    /** Rows of the output grid. */
    public int outHeight() {
      return (int) along(height, kernel, stride, padding);
    }

    /** Columns of the output grid. */
    public int outWidth() {
      return (int) along(width, kernel, stride, padding);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(
          Parameter.of(weight, outChannels, inChannels, kernel, kernel),
          Parameter.of(bias, outChannels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      Shapes.require(this, inputs, new ValueShape(height * width, inChannels));
      return new ValueShape(outHeight() * outWidth(), outChannels);
    }
  }

  /**
   * Depthwise two-dimensional convolution of a grid held row-major as tokens, stride 1, as many
   * zeros beyond the edges as keep its size, then an activation: {@code y[i*W+j][c] = act(bias[c] +
   * sum w[c][0][u][v] * x[(i-p+u)*W + j-p+v][c])} with {@code p = (kernel-1)/2}.
   *
   * @param height height of the grid
   * @param width width of the grid
   * @param kernel side of the square kernel, odd
   * @param weight parameter of shape {@code [channels, 1, kernel, kernel]}
   * @param bias parameter of shape {@code [channels]}, or empty for none
   */
  record DepthwiseConvolution2d(
      String output,
      String input,
      int channels,
      int height,
      int width,
      int kernel,
      String weight,
      String bias,
      Activation activation)
      implements GridOperation {

    /** Checks that sizes are possible and the kernel has a middle. */
    public DepthwiseConvolution2d {
      Shapes.requirePositive(output, "channels, height, width", channels, height, width);
      Shapes.tokens(output, height, width);
      if (kernel <= 0 || kernel % 2 == 0) {
        throw new InvalidNetworkException(
            "Operation \"" + output + "\": a kernel of " + kernel + " has no middle.");
      }
    }

    /** Whether there is a bias. */
    public boolean hasBias() {
      return !bias.isEmpty();
    }

    @Override
    public List<Parameter> parameters() {
      Parameter kernels = Parameter.of(weight, channels, 1, kernel, kernel);
      return hasBias() ? List.of(kernels, Parameter.of(bias, channels)) : List.of(kernels);
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, new ValueShape(height * width, channels));
    }
  }

  /**
   * Joins the four tokens of each 2 x 2 square of a grid to one of four times the channels: patch
   * merging. In this order: upper left, lower left, upper right, lower right. Beyond an odd edge
   * stand zeros.
   *
   * @param height height of the input grid
   * @param width width of the input grid
   */
  record MergePatches(String output, String input, int channels, int height, int width)
      implements GridOperation {
    /** Checks that sizes are possible. */
    public MergePatches {
      Shapes.requirePositive(output, "channels, height, width", channels, height, width);
      Shapes.tokens(output, height, width);
      if (channels > Integer.MAX_VALUE / 4) {
        throw new InvalidNetworkException(
            "Operation \"" + output + "\" makes too many channels of " + channels + ".");
      }
    }

    /** Rows of the output grid. */
    public int outHeight() {
      return height / 2 + height % 2;
    }

    /** Columns of the output grid. */
    public int outWidth() {
      return width / 2 + width % 2;
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      Shapes.require(this, inputs, new ValueShape(height * width, channels));
      return new ValueShape(outHeight() * outWidth(), 4 * channels);
    }
  }
}
