/** Tests of the tensor interpreter and its kernels against double precision and golden values. */
@NullMarked
package io.github.ptq4vm.compiler.tensor;

import org.jspecify.annotations.NullMarked;
