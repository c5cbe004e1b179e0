package io.github.ptq4vm.cpu;

/**
 * The integers inside a quantized linear for one image: what every executor and the build-time
 * simulation agree on bit for bit.
 *
 * @param tokens number of rows
 * @param inFeatures channels of the input
 * @param outFeatures channels of the output
 * @param codes input codes, {@code [tokens, inFeatures]}, each 0 to 255
 * @param accumulators {@code sum_k code[t][k] * w[o][k]}, {@code [tokens, outFeatures]}, before the
 *     zero point is taken off
 */
public record QuantizedTrace(
    int tokens, int inFeatures, int outFeatures, int[] codes, int[] accumulators) {}
