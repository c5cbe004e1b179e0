/** Tests of the compiler as a whole, and the oracles its rooms' tests share. */
@NullMarked
package io.github.ptq4vm.compiler;

import org.jspecify.annotations.NullMarked;
