package io.github.ptq4vm.benchmarks.cost;

/**
 * One run of a fused kernel.
 *
 * @param section name of the section it belongs to
 * @param block whether that is a block
 * @param kernel which kernel
 * @param tokens tokens of the section's output for one image
 * @param work what it costs
 */
public record Launch(String section, boolean block, FusedKernel kernel, int tokens, Work work) {}
