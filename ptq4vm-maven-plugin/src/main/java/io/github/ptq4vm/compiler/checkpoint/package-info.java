/**
 * Trained weights from files nobody vouches for: reads PyTorch zip checkpoints and safetensors
 * without running anything they contain, finds the state dict in its wrapper, recognises the family
 * and binds every tensor to a {@link io.github.ptq4vm.network.Network}, strictly.
 *
 * <p>Sizes, offsets and strides are checked before memory is asked for; a tensor is read only when
 * somebody wants it. Also makes the deterministic filler weights that tests and benchmarks use in
 * place of trained ones.
 */
@NullMarked
package io.github.ptq4vm.compiler.checkpoint;

import org.jspecify.annotations.NullMarked;
