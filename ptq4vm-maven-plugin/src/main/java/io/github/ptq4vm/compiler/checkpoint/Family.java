package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Tensor;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A family whose checkpoints can be imported: one class each, the only place that knows its keys.
 */
interface Family {

  /** The keys by which it is recognised, in each of its variants; all name the same family. */
  List<KeyLayout> layouts();

  /** Which of its tensors hold several parameters of the network. */
  default Set<Slice> slices() {
    return Set.of();
  }

  /** The family's name, as users write it. */
  default String name() {
    return layouts().get(0).family();
  }

  /**
   * The network a checkpoint holds. Sizes come from the tensors' shapes.
   *
   * @param shapes of a checkpoint that has exactly the keys of the layout
   * @param layout one of {@link #layouts}
   * @throws io.github.ptq4vm.compiler.CompileException if the shapes contradict each other or the
   *     options
   */
  Plan plan(Shapes shapes, KeyLayout layout, ImportOptions options);

  /**
   * What a checkpoint holds.
   *
   * @param network the network, float
   * @param variant what a reader calls it, e.g. {@code Vim-Ti}
   * @param stride distance of patches in pixels, or null where there is no choice
   * @param sources where its parameters come from, by name
   * @param computed the other parameters, which come from no tensor
   * @param notes sentences the user should read about what was assumed
   */
  record Plan(
      Network network,
      String variant,
      @Nullable Integer stride,
      SortedMap<String, Source> sources,
      SortedMap<String, Tensor.Floats> computed,
      List<String> notes) {}
}
