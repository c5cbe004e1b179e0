/**
 * The build-time compiler: a {@link io.github.ptq4vm.compiler.CompileRequest} goes in, quantized
 * models come out. Knows no Maven; {@link io.github.ptq4vm.compiler.Compiler} alone knows the order
 * of the passes.
 */
@NullMarked
package io.github.ptq4vm.compiler;

import org.jspecify.annotations.NullMarked;
