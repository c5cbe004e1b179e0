/**
 * From float linears to quantized ones, by a plan: rotations, smoothing factors, the searches for
 * static and dynamic step sizes, rounding of weights by the inputs they meet, the simulation of a
 * quantized linear, and packing.
 */
@NullMarked
package io.github.ptq4vm.compiler.quantize;

import org.jspecify.annotations.NullMarked;
