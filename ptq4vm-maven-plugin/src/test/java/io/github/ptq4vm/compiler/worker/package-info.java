/** Tests of the worker process with real child JVMs. */
@NullMarked
package io.github.ptq4vm.compiler.worker;

import org.jspecify.annotations.NullMarked;
