package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Model;

/**
 * A checkpoint as a float network.
 *
 * @param model network and weights, all float32 and finite
 * @param family the family's name, e.g. {@code vim}
 * @param variant what a reader calls the model, e.g. {@code Vim-Ti}, or its width and depth
 * @param stride distance of patches in pixels, given or implied
 * @param checkpointSha256 digest of the checkpoint file, lower-case hexadecimal
 */
public record ImportedModel(
    Model model, String family, String variant, int stride, String checkpointSha256) {}
