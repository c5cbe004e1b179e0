package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.Network;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** LocalVMamba of any size; the scan directions of its blocks are in no tensor. */
final class LocalVMambaFamily implements Family {
  private static final String NAME = "LocalVMamba";
  private static final int STATES = 16;

  @Override
  public List<KeyLayout> layouts() {
    return List.of(KeyLayouts.LOCAL_VMAMBA);
  }

  @Override
  public Set<Slice> slices() {
    return KeyLayouts.SS2D_SLICES;
  }

  @Override
  public Plan plan(Shapes shapes, KeyLayout layout, ImportOptions options) {
    Unused.patchOptions(options, shapes);
    StagedShapes sizes = StagedShapes.of(shapes, layout, false);
    String size = released(sizes);
    String variant = size == null ? sizes.described(NAME) : NAME + "-" + size;
    Network network =
        new LocalVMamba(
                options.imageSize().height(),
                options.imageSize().width(),
                sizes.classes(),
                sizes.stages(),
                sizes.states(),
                DirectionTables.resolve(
                    options.scanDirections(),
                    size == null ? null : variant,
                    sizes.blocks(),
                    sizes.directions(),
                    shapes.described(variant)))
            .network();
    return new Plan(
        network, variant, null, Source.of(network, slices()), new TreeMap<>(), List.of());
  }

  private static @Nullable String released(StagedShapes sizes) {
    if (!sizes.isRegular(2) || sizes.states() != STATES) {
      return null;
    }
    return switch (sizes.dim() + ": " + sizes.depths()) {
      case "96: 2, 2, 9, 2" -> "T";
      case "96: 2, 2, 27, 2" -> "S";
      default -> null;
    };
  }
}
