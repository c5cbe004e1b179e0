/**
 * Runs a network on the CPU: a plan of steps made once from the operations, and the kernels that do
 * the arithmetic.
 *
 * <p>{@link io.github.ptq4vm.cpu.CpuExecutor} is the way in. The kernels come from a provider
 * ({@link io.github.ptq4vm.cpu.CpuKernels}): plain loops that read like the formulas of {@code
 * docs/numerics.md}, or the Vector API. Nothing here knows a family of networks by name; the only
 * other room imported is {@code network}.
 */
@NullMarked
package io.github.ptq4vm.cpu;

import org.jspecify.annotations.NullMarked;
