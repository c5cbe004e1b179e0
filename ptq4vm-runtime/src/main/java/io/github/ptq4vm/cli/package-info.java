/** The command line: {@code predict} and {@code inspect} over the public API. */
@NullMarked
package io.github.ptq4vm.cli;

import org.jspecify.annotations.NullMarked;
