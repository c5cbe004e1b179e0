/**
 * The GPU benchmark: whether a device computes what the processor computes, and how long it takes
 * beside the floor and beside PyTorch on the same device. {@code it/benchmarks/gpu} carries it to a
 * machine that has neither Java nor Maven.
 */
@NullMarked
package io.github.ptq4vm.benchmarks.gpu;

import org.jspecify.annotations.NullMarked;
