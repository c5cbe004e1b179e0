/**
 * What an application calls: {@link io.github.ptq4vm.QuantizedModel} loads a model from the class
 * path or a jar and classifies images; every problem is a {@link io.github.ptq4vm.Ptq4vmException}.
 */
@NullMarked
package io.github.ptq4vm;

import org.jspecify.annotations.NullMarked;
