package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation;

/**
 * Arguments of the {@code dense} kernels: a two-dimensional convolution, or a float linear as one
 * of kernel 1.
 *
 * @param weight address of half precision {@code [out, padded k]} or floats {@code [out, k]}
 * @param bias address of {@code [out]} floats, or 0
 */
record DenseParams(
    DeviceValue input,
    long weight,
    long bias,
    DeviceValue output,
    int images,
    int inChannels,
    int outChannels,
    int height,
    int width,
    int outHeight,
    int outWidth,
    int kernel,
    int stride,
    int padding,
    Activation activation)
    implements KernelStruct {
  static final int SIZE = 120;

  /** In half precision, rows of the weight are padded to a multiple of this. */
  static final int K_PADDING = 16;

  /** A linear over tokens. */
  static DenseParams linear(
      DeviceValue input,
      long weight,
      long bias,
      DeviceValue output,
      int images,
      int in,
      int out,
      int tokens,
      Activation activation) {
    return new DenseParams(
        input, weight, bias, output, images, in, out, tokens, 1, tokens, 1, 1, 1, 0, activation);
  }

  /** A convolution. */
  static DenseParams convolution(
      GridOperation.Convolution2d operation,
      DeviceValue input,
      long weight,
      long bias,
      DeviceValue output,
      int images,
      Activation activation) {
    return new DenseParams(
        input,
        weight,
        bias,
        output,
        images,
        operation.inChannels(),
        operation.outChannels(),
        operation.height(),
        operation.width(),
        operation.outHeight(),
        operation.outWidth(),
        operation.kernel(),
        operation.stride(),
        operation.padding(),
        activation);
  }

  /** The same for other values and another number of images. */
  DenseParams with(DeviceValue input, DeviceValue output, int images) {
    return with(input, output, images, activation);
  }

  /** The same with an activation behind it. */
  DenseParams activated(Activation activation) {
    return with(input, output, images, activation);
  }

  private DenseParams with(
      DeviceValue input, DeviceValue output, int images, Activation activation) {
    return new DenseParams(
        input,
        weight,
        bias,
        output,
        images,
        inChannels,
        outChannels,
        height,
        width,
        outHeight,
        outWidth,
        kernel,
        stride,
        padding,
        activation);
  }

  /** Products a sum has. */
  int k() {
    return kernel * kernel * inChannels;
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(input).pointer(weight).pointer(bias).struct(output);
    writer.int32(images).int32(inChannels).int32(outChannels);
    writer.int32(height).int32(width).int32(outHeight).int32(outWidth);
    writer.int32(kernel).int32(stride).int32(padding);
    writer.int32(k()).int32(KernelStruct.roundUp(k(), K_PADDING));
    writer.int32(activation.ordinal()).unused();
  }
}
