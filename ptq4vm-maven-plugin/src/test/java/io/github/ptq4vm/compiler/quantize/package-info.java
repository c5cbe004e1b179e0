/** Tests of smoothing, the clipping search and the simulation of quantized linears. */
@NullMarked
package io.github.ptq4vm.compiler.quantize;

import org.jspecify.annotations.NullMarked;
