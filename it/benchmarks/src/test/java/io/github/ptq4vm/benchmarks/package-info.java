/** Tests of what has logic in the benchmarks. */
@NullMarked
package io.github.ptq4vm.benchmarks;

import org.jspecify.annotations.NullMarked;
