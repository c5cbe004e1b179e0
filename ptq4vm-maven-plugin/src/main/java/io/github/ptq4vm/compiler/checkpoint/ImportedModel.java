package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Model;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint as a float network.
 *
 * @param model network and weights, all float32 and finite
 * @param family the family's name, as users write it
 * @param variant what a reader calls the model, e.g. {@code Vim-Ti}, or its widths and depths
 * @param stride distance of patches in pixels, given or implied; null where there is no choice
 * @param notes sentences the user should read about what was assumed
 * @param checkpointSha256 digest of the checkpoint file, lower-case hexadecimal
 */
public record ImportedModel(
    Model model,
    String family,
    String variant,
    @Nullable Integer stride,
    List<String> notes,
    String checkpointSha256) {

  /** Takes an immutable copy of the notes. */
  public ImportedModel {
    notes = List.copyOf(notes);
  }
}
