/**
 * Quantized models of any size made on the spot, without a checkpoint, images or a calibration:
 * what a model costs to run follows from its shapes and the attributes of its linears, not from
 * what it learned. Needs the runtime alone, so that it works where there is no compiler.
 */
@NullMarked
package io.github.ptq4vm.benchmarks.synthetic;

import org.jspecify.annotations.NullMarked;
