/**
 * Runs a quantized network on an NVIDIA GPU: lowers its operations to launches of a few kernels
 * ({@code src/main/cuda}), keeps weights and activations in device memory and replays one recorded
 * graph a batch size. The design is {@code docs/gpu.md}.
 */
@NullMarked
package io.github.ptq4vm.cuda;

import org.jspecify.annotations.NullMarked;
