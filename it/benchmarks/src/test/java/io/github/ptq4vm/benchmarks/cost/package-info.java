@NullMarked
package io.github.ptq4vm.benchmarks.cost;

import org.jspecify.annotations.NullMarked;
