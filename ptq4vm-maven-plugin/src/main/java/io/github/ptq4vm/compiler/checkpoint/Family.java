package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import java.util.Set;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * A family whose checkpoints can be imported: one class each, the only place that knows its keys.
 */
interface Family {

  /** The keys by which it is recognised; names the family. */
  KeyLayout layout();

  /**
   * The keys a state dict of this family must have, no more and no less.
   *
   * @param present the keys it has, from which depth is taken
   */
  SortedSet<String> keys(Set<String> present);

  /**
   * The network a checkpoint holds. Sizes come from the tensors' shapes.
   *
   * @param checkpoint has exactly the keys of {@link #keys}
   * @param imageSize side of the square input in pixels
   * @param stride distance of patches in pixels, or null for what the token count implies
   * @throws io.github.ptq4vm.compiler.CompileException if the shapes contradict each other or the
   *     image size
   */
  Sized size(Checkpoint checkpoint, int imageSize, @Nullable Integer stride);

  /** The key of the tensor that is a network's parameter. */
  String key(Parameter parameter);

  /**
   * What a checkpoint holds.
   *
   * @param network the network, float
   * @param variant what a reader calls it, e.g. {@code Vim-Ti}
   * @param stride distance of patches in pixels
   */
  record Sized(Network network, String variant, int stride) {}
}
