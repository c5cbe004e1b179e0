/**
 * From float linears to quantized ones: smoothing factors, the clipping search, per-token static
 * step sizes and zero points, the simulation of a quantized linear, and packing.
 */
@NullMarked
package io.github.ptq4vm.compiler.quantize;

import org.jspecify.annotations.NullMarked;
