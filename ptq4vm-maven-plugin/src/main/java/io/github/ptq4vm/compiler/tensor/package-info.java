/**
 * The tensor interpreter: runs a network's operations in float32 on batches of images, with
 * gradients. Dense products run on PyTorch through DJL; what PyTorch's autograd cannot do fast (the
 * selective scan, fake quantization, the fused convolution, all with their gradients) is done by
 * vectorised kernels here, joined segment by segment on the {@link
 * io.github.ptq4vm.compiler.tensor.SectionRun}. The only room of the plugin that imports DJL.
 *
 * <p>A value of a batch is one row-major array of {@code images * tokens} rows of {@code channels}
 * floats.
 */
@NullMarked
package io.github.ptq4vm.compiler.tensor;

import org.jspecify.annotations.NullMarked;
