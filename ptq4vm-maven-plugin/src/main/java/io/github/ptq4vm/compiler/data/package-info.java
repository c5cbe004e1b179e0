/**
 * The images of a compilation: which there are ({@link
 * io.github.ptq4vm.compiler.data.ImageFolder}), which of them calibrate and in which order ({@link
 * io.github.ptq4vm.compiler.data.CalibrationSelection}), their pixels and their digest ({@link
 * io.github.ptq4vm.compiler.data.ImageSet}), and what the classes are called ({@link
 * io.github.ptq4vm.compiler.data.Synset}).
 */
@NullMarked
package io.github.ptq4vm.compiler.data;

import org.jspecify.annotations.NullMarked;
