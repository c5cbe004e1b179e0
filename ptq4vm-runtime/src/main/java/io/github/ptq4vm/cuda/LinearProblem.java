package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;

/**
 * One quantized linear, struct {@code LinearProblem}.
 *
 * @param next quantizer of the linear that reads the output, where that is codes
 * @param weight address of codes in the order of {@code WeightLayout}
 * @param weightStep address of {@code [padded out]} floats
 * @param rowSum address of {@code [padded out]} integers
 * @param bias address of {@code [padded out]} floats, or 0
 * @param residual added to the result, or {@link DeviceValue#NONE}
 * @param in input channels
 * @param out output channels
 * @param columns output channels a block computes, a multiple of 32
 */
record LinearProblem(
    RowSource source,
    InputQuantizer quantizer,
    InputQuantizer next,
    long weight,
    long weightStep,
    long rowSum,
    long bias,
    DeviceValue residual,
    DeviceValue output,
    int in,
    int out,
    Activation activation,
    int columns)
    implements KernelStruct {
  static final int SIZE = 512;

  /** Channels and columns are padded to a multiple of this. */
  static final int PADDING = 32;

  /** No problem. */
  static final LinearProblem NONE =
      new LinearProblem(
          RowSource.NONE,
          InputQuantizer.NONE,
          InputQuantizer.NONE,
          0,
          0,
          0,
          0,
          DeviceValue.NONE,
          DeviceValue.NONE,
          0,
          0,
          Activation.NONE,
          0);

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(source).struct(quantizer).struct(next);
    writer.pointer(weight).pointer(weightStep).pointer(rowSum).pointer(bias);
    writer.struct(residual).struct(output);
    writer.int32(in).int32(KernelStruct.roundUp(in, PADDING));
    writer.int32(out).int32(KernelStruct.roundUp(out, PADDING));
    writer.int32(activation.ordinal()).int32(columns);
  }
}
