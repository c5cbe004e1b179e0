@NullMarked
package io.github.ptq4vm.benchmarks.synthetic;

import org.jspecify.annotations.NullMarked;
