package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Network;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the keys and shapes of a checkpoint say, before any weight is read.
 *
 * @param network the float network
 * @param family the family's name, as users write it
 * @param variant what a reader calls the model, e.g. {@code Vim-Ti}, or its widths and depths
 * @param stride distance of patches in pixels, given or implied; null where there is no choice
 * @param notes sentences the user should read about what was assumed
 */
public record RecognisedModel(
    Network network, String family, String variant, @Nullable Integer stride, List<String> notes) {

  /** Takes an immutable copy of the notes. */
  public RecognisedModel {
    notes = List.copyOf(notes);
  }
}
