/** Tests of the checkpoint readers, with a writer of well-formed and of hostile files. */
@NullMarked
package io.github.ptq4vm.compiler.checkpoint;

import org.jspecify.annotations.NullMarked;
