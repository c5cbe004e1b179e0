package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Vim of any size: width, depth, states, rank, taps, patch, tokens and classes are in the shapes.
 */
final class VimFamily implements Family {
  private static final String MIXER = "layers.0.mixer.";
  private static final int RELEASED_DEPTH = 24;
  private static final int RELEASED_PATCH = 16;

  @Override
  public List<KeyLayout> layouts() {
    return List.of(KeyLayouts.VIM);
  }

  @Override
  public Plan plan(Shapes shapes, KeyLayout layout, ImportOptions options) {
    Unused.scanDirections(options, shapes);
    int dim = shapes.extent("patch_embed.proj.weight", 4, 0);
    int patch = shapes.extent("patch_embed.proj.weight", 4, 2);
    int depth = layout.depths(shapes.keys()).get(0);
    int tokens = shapes.extent(PositionTable.KEY, 3, 1);
    PatchGrid.Fit fit = new PatchGrid(shapes.file(), patch, tokens, true).fit(options);
    Network network =
        new VisionMamba(
                dim,
                shapes.extent(MIXER + "out_proj.weight", 2, 1),
                depth,
                shapes.extent(MIXER + "A_log", 2, 1),
                shapes.extent(MIXER + "dt_proj.weight", 2, 1),
                shapes.extent(MIXER + "conv1d.weight", 3, 2),
                patch,
                fit.stride(),
                options.imageSize().height(),
                options.imageSize().width(),
                shapes.extent("head.weight", 2, 0))
            .network();
    SortedMap<String, Source> sources = Source.of(network, slices());
    sources.put(PositionTable.KEY, PositionTable.source(fit, dim, true));
    return new Plan(
        network,
        variant(dim, depth, patch, fit.stride()),
        fit.stride(),
        sources,
        new TreeMap<>(),
        fit.notes());
  }

  private static String variant(int dim, int depth, int patch, int stride) {
    String size =
        depth != RELEASED_DEPTH || patch != RELEASED_PATCH
            ? null
            : switch (dim) {
              case 192 -> "Ti";
              case 384 -> "S";
              case 768 -> "B";
              default -> null;
            };
    if (size == null) {
      return "Vim of width " + dim + " and depth " + depth;
    }
    return "Vim-" + size + (stride == 8 ? "+" : "");
  }
}
