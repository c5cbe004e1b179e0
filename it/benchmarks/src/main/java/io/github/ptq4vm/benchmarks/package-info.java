/**
 * The commands that print every figure in {@code docs/results}: accuracy beside the released
 * recipe's, time, memory and profile of a compilation, time to the first prediction, and logits to
 * compare with golden values. Not published.
 */
@NullMarked
package io.github.ptq4vm.benchmarks;

import org.jspecify.annotations.NullMarked;
