@NullMarked
package io.github.ptq4vm.benchmarks.gpu;

import org.jspecify.annotations.NullMarked;
