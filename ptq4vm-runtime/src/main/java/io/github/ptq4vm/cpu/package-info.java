/**
 * Runs a network on the CPU: a plan made once from the operations, and the kernels that do the
 * arithmetic.
 *
 * <p>{@link io.github.ptq4vm.cpu.CpuExecutor} is the way in. A {@link
 * io.github.ptq4vm.cpu.Schedule} orders the operations: stages one after the other, in each of them
 * chains of operations that run a few rows at a time while these rows are in a cache, and that
 * several threads share out. A {@link io.github.ptq4vm.cpu.Plan} is the schedule with its kernels
 * and its memory. The kernels come from a provider ({@link io.github.ptq4vm.cpu.CpuKernels}): plain
 * loops that read like the formulas of {@code docs/numerics.md}, or the Vector API. Nothing here
 * knows a family of networks by name; the only other room imported is {@code network}.
 */
@NullMarked
package io.github.ptq4vm.cpu;

import org.jspecify.annotations.NullMarked;
