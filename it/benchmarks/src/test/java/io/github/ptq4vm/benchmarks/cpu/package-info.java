@NullMarked
package io.github.ptq4vm.benchmarks.cpu;

import org.jspecify.annotations.NullMarked;
