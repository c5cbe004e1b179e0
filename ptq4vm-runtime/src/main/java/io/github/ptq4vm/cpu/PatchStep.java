package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.GridOperation;
import java.util.Arrays;

/**
 * Dense convolution on a grid: copies the pixels under the kernel, and zeros outside the grid, into
 * a row for every output position, then runs a linear over these rows. Sums run over kernel row,
 * kernel column and channel, in this order, because pixels lie in memory so.
 */
final class PatchStep implements Step {
  private final GridOperation.Convolution2d operation;
  private final CpuKernels.Linear linear;
  private final int input;
  private final int output;

  /**
   * Prepares the kernel.
   *
   * @param weight row-major {@code [outChannels, inChannels, kernel, kernel]}
   * @param bias {@code [outChannels]}
   */
  PatchStep(
      GridOperation.Convolution2d operation,
      float[] weight,
      float[] bias,
      CpuKernels kernels,
      int input,
      int output) {
    this.operation = operation;
    this.linear =
        kernels.linear(
            channelsLast(operation, weight), bias, operation.outChannels(), taps(operation));
    this.input = input;
    this.output = output;
  }

  @Override
  public int units() {
    return operation.outHeight() * operation.outWidth();
  }

  @Override
  public int unitsPerPart() {
    return linear.rowsPerPart(units());
  }

  @Override
  public void run(Memory memory, int from, int to) {
    Scratch scratch = memory.scratch();
    Matrix patches = patches(memory.value(input), from, to - from, scratch);
    linear.apply(patches, 0, memory.value(output), from, to, scratch);
  }

  private Matrix patches(Matrix x, int from, int rows, Scratch scratch) {
    int taps = taps(operation);
    int run = operation.kernel() * operation.inChannels();
    int padding = operation.padding();
    float[] patches = scratch.floats(Scratch.OUTSIDE, rows * taps);
    for (int r = 0; r < rows; r++) {
      int top = (from + r) / operation.outWidth() * operation.stride() - padding;
      int left = (from + r) % operation.outWidth() * operation.stride() - padding;
      for (int i = 0; i < operation.kernel(); i++) {
        row(x, top + i, left, patches, r * taps + i * run);
      }
    }
    return Matrix.of(patches, rows, taps);
  }

  /** The pixels under one row of the kernel; zeros outside the grid. */
  private void row(Matrix x, int row, int left, float[] patches, int at) {
    int kernel = operation.kernel();
    int channels = operation.inChannels();
    int width = operation.width();
    if (row < 0 || row >= operation.height()) {
      Arrays.fill(patches, at, at + kernel * channels, 0f);
      return;
    }
    int from = Math.max(0, -left);
    int to = Math.min(kernel, width - left);
    Arrays.fill(patches, at, at + from * channels, 0f);
    if (x.isDense()) {
      int first = x.at(row * width + left + from);
      System.arraycopy(x.data(), first, patches, at + from * channels, (to - from) * channels);
    } else {
      for (int j = from; j < to; j++) {
        int pixel = x.at(row * width + left + j);
        System.arraycopy(x.data(), pixel, patches, at + j * channels, channels);
      }
    }
    Arrays.fill(patches, at + to * channels, at + kernel * channels, 0f);
  }

  private static int taps(GridOperation.Convolution2d operation) {
    return operation.kernel() * operation.kernel() * operation.inChannels();
  }

  /** {@code [out, in, kernel, kernel]} to {@code [out, kernel, kernel, in]}. */
  private static float[] channelsLast(GridOperation.Convolution2d operation, float[] weight) {
    int in = operation.inChannels();
    int area = operation.kernel() * operation.kernel();
    float[] permuted = new float[weight.length];
    for (int o = 0; o < operation.outChannels(); o++) {
      for (int c = 0; c < in; c++) {
        for (int i = 0; i < area; i++) {
          permuted[(o * area + i) * in + c] = weight[(o * in + c) * area + i];
        }
      }
    }
    return permuted;
  }
}
