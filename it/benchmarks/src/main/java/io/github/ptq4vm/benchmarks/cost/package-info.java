/**
 * What a network costs to run, counted and not measured: operations of each kind, the fewest bytes
 * that a chain of fused kernels moves, and the time below which a given GPU cannot go. Formulas and
 * what they assume: {@code docs/gpu-costs.md}.
 */
@NullMarked
package io.github.ptq4vm.benchmarks.cost;

import org.jspecify.annotations.NullMarked;
