package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VMamba.Generation;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** VMamba of both generations and any size. */
final class VMambaFamily implements Family {
  private static final int VANILLA_STATES = 16;

  @Override
  public List<KeyLayout> layouts() {
    return List.of(KeyLayouts.VMAMBA, KeyLayouts.VANILLA);
  }

  @Override
  public Set<Slice> slices() {
    return KeyLayouts.SS2D_SLICES;
  }

  @Override
  public Plan plan(Shapes shapes, KeyLayout layout, ImportOptions options) {
    Unused.scanDirections(options, shapes);
    Unused.patchOptions(options, shapes);
    Generation generation = layout.equals(KeyLayouts.VMAMBA) ? Generation.V2 : Generation.VANILLA;
    StagedShapes sizes = StagedShapes.of(shapes, layout, generation == Generation.V2);
    Network network =
        new VMamba(
                options.imageSize().height(),
                options.imageSize().width(),
                sizes.classes(),
                sizes.stages(),
                sizes.states(),
                generation)
            .network();
    return new Plan(
        network,
        variant(sizes, generation),
        null,
        Source.of(network, slices()),
        new TreeMap<>(),
        List.of());
  }

  private static String variant(StagedShapes sizes, Generation generation) {
    String family = generation == Generation.V2 ? "VMamba" : "Vanilla-VMamba";
    String size = generation == Generation.V2 ? released(sizes) : releasedVanilla(sizes);
    return size.isEmpty() ? sizes.described(family) : family + "-" + size;
  }

  private static String released(StagedShapes sizes) {
    String ratio = sizes.isRegular(1) ? "s1" : sizes.isRegular(2) ? "s2" : "";
    if (ratio.isEmpty() || sizes.states() != 1) {
      return "";
    }
    return switch (sizes.dim() + ": " + sizes.depths() + ", " + ratio) {
      case "96: 2, 2, 8, 2, s1" -> "T[s1l8]";
      case "96: 2, 2, 5, 2, s2" -> "T[s2l5]";
      case "96: 2, 2, 20, 2, s1" -> "S[s1l20]";
      case "96: 2, 2, 15, 2, s2" -> "S[s2l15]";
      case "128: 2, 2, 20, 2, s1" -> "B[s1l20]";
      case "128: 2, 2, 15, 2, s2" -> "B[s2l15]";
      default -> "";
    };
  }

  private static String releasedVanilla(StagedShapes sizes) {
    if (!sizes.isRegular(2) || sizes.states() != VANILLA_STATES) {
      return "";
    }
    return switch (sizes.dim() + ": " + sizes.depths()) {
      case "96: 2, 2, 9, 2" -> "T";
      case "96: 2, 2, 27, 2" -> "S";
      case "128: 2, 2, 27, 2" -> "B";
      default -> "";
    };
  }
}
