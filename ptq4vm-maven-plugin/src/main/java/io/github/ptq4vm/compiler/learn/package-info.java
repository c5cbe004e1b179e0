/** Joint learning of smoothing factors and step sizes (JLSS), a block at a time. */
@NullMarked
package io.github.ptq4vm.compiler.learn;

import org.jspecify.annotations.NullMarked;
