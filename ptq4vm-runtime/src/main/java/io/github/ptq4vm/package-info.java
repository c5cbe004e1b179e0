/**
 * What an application calls: {@link io.github.ptq4vm.QuantizedModel} loads a model from the class
 * path or a jar and classifies images; what is wrong with a model or a tensor is a {@link
 * io.github.ptq4vm.Ptq4vmException}, what is wrong with an image an {@link
 * io.github.ptq4vm.image.ImageException}.
 */
@NullMarked
package io.github.ptq4vm;

import org.jspecify.annotations.NullMarked;
