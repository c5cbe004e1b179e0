package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import java.util.List;

/**
 * Arguments of the kernel {@code depthwise}.
 *
 * @param tokens of the output
 * @param kernel taps, or side of the kernel
 * @param height of the grid, 0 for a causal convolution along the sequence
 * @param width of the grid, or 0
 */
record DepthwiseParams(
    List<DepthwiseProblem> problems,
    int images,
    int channels,
    int tokens,
    int kernel,
    int height,
    int width,
    Activation activation)
    implements KernelStruct {
  static final int SIZE = 320;

  /** Takes an immutable copy of the problems. */
  DepthwiseParams {
    problems = List.copyOf(problems);
  }

  /** The same for problems and a number of images. */
  DepthwiseParams with(List<DepthwiseProblem> problems, int images) {
    return new DepthwiseParams(
        problems, images, channels, tokens, kernel, height, width, activation);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.structs(problems, MAX_PROBLEMS, DepthwiseProblem.NONE);
    writer.int32(problems.size()).int32(images).int32(channels).int32(tokens);
    writer.int32(kernel).int32(height).int32(width).int32(activation.ordinal());
  }
}
