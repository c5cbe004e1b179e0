/**
 * From an image file to the network's input: decode, Pillow-exact resize, crop, normalise.
 *
 * <p>The definition is what the families' evaluation scripts do: open with Pillow, {@code
 * convert("RGB")}, resize the short side, crop the centre, scale to floats and normalise.
 * Everything after the decoder agrees with it bit for bit. Callers use {@link
 * io.github.ptq4vm.image.ImagePreprocessor}; the rest of the package serves it. This room imports
 * no other.
 */
@NullMarked
package io.github.ptq4vm.image;

import org.jspecify.annotations.NullMarked;
