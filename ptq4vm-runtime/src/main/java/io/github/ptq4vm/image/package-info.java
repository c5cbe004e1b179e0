/** From an image file to the network's input: decode, Pillow-exact resize, crop, normalise. */
@NullMarked
package io.github.ptq4vm.image;

import org.jspecify.annotations.NullMarked;
