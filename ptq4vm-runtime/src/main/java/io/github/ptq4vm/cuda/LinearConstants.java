package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;

/**
 * Where the parameters of a quantized linear lie.
 *
 * @param in input channels
 * @param out output channels
 * @param fourBits whether two codes of the weight share a byte
 * @param weight address of the codes
 * @param weightStep address of the steps
 * @param rowSum address of the sums of codes
 * @param bias address of the bias, or 0
 */
record LinearConstants(
    int in,
    int out,
    boolean fourBits,
    InputQuantizer quantizer,
    long weight,
    long weightStep,
    long rowSum,
    long bias) {

  /**
   * Parameters as the kernels {@code linear} want them: weights in the order of tensor cores,
   * everything an output channel has padded to whole groups of them.
   *
   * @param name of the linear
   */
  static LinearConstants ordered(
      String name,
      QuantizedWeights weights,
      InputQuantizer quantizer,
      boolean fourBits,
      Constants constants) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    return of(
        name,
        weights,
        quantizer,
        fourBits,
        constants.bytes(
            name + " weight", () -> WeightLayout.of(weights.weight(), out, in, fourBits)),
        KernelStruct.roundUp(out, LinearProblem.PADDING),
        constants);
  }

  /**
   * Parameters as the kernels {@code scan} want those of dt_proj: one code a byte, row after row.
   *
   * @param name of the linear
   */
  static LinearConstants rows(
      String name, QuantizedWeights weights, InputQuantizer quantizer, Constants constants) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    int padded = KernelStruct.roundUp(in, ScanParams.RANK_PADDING);
    long weight =
        constants.bytes(
            name + " rows",
            () -> {
              byte[] rows = new byte[Math.multiplyExact(out, padded)];
              for (int o = 0; o < out; o++) {
                System.arraycopy(weights.weight(), o * in, rows, o * padded, in);
              }
              return rows;
            });
    return of(name, weights, quantizer, false, weight, out, constants);
  }

  private static LinearConstants of(
      String name,
      QuantizedWeights weights,
      InputQuantizer quantizer,
      boolean fourBits,
      long weight,
      int padded,
      Constants constants) {
    float[] bias = weights.bias();
    return new LinearConstants(
        weights.inFeatures(),
        weights.outFeatures(),
        fourBits,
        quantizer,
        weight,
        constants.floats(name + " step", () -> Arrays.copyOf(weights.weightStep(), padded)),
        constants.integers(name + " sums", () -> Arrays.copyOf(weights.rowSum(), padded)),
        bias == null ? 0 : constants.floats(name + " bias", () -> Arrays.copyOf(bias, padded)));
  }
}
