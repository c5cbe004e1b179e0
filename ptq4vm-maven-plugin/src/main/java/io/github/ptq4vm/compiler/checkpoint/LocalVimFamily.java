package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * LocalVim of any size, with a class token or with rotary positions; the scan directions of its
 * blocks are in no tensor.
 */
final class LocalVimFamily implements Family {
  private static final String NAME = "LocalVim";
  private static final String MIXER = "layers.0.mixer.";
  private static final int DIRECTIONS = 4;
  private static final int RELEASED_DEPTH = 20;

  @Override
  public List<KeyLayout> layouts() {
    return List.of(KeyLayouts.LOCAL_VIM, KeyLayouts.LOCAL_VIM_TOKEN);
  }

  @Override
  public Plan plan(Shapes shapes, KeyLayout layout, ImportOptions options) {
    boolean token = layout.equals(KeyLayouts.LOCAL_VIM_TOKEN);
    int dim = shapes.extent("patch_embed.proj.weight", 4, 0);
    int patch = shapes.extent("patch_embed.proj.weight", 4, 2);
    int depth = layout.depths(shapes.keys()).get(0);
    int tokens = shapes.extent(PositionTable.KEY, 3, 1);
    String size = released(dim, depth);
    String variant =
        (size == null ? NAME + " of width " + dim + " and depth " + depth : NAME + "-" + size)
            + (token ? " (middle class token)" : "");
    PatchGrid.Fit fit = new PatchGrid(shapes.file(), patch, tokens, token).fit(options);
    Network network =
        new LocalVim(
                dim,
                shapes.extent(MIXER + "out_proj.weight", 2, 1),
                shapes.extent(MIXER + "A_log_0", 2, 1),
                shapes.extent(MIXER + "dt_proj_0.weight", 2, 1),
                shapes.extent(MIXER + "conv1d_0.weight", 3, 2),
                patch,
                fit.stride(),
                options.imageSize().height(),
                options.imageSize().width(),
                shapes.extent("head.weight", 2, 0),
                token,
                DirectionTables.resolve(
                    options.scanDirections(),
                    size == null ? null : NAME + "-" + size,
                    depth,
                    DIRECTIONS,
                    shapes.described(variant)))
            .network();
    SortedMap<String, Source> sources = Source.of(network, slices());
    sources.put(PositionTable.KEY, PositionTable.source(fit, dim, token));
    return new Plan(
        network,
        variant,
        fit.stride(),
        sources,
        token ? new TreeMap<>() : rotary(shapes, sources, fit, dim),
        notes(options, size, fit));
  }

  /** Tables that the checkpoint lacks or has for another grid; takes them from the sources. */
  private static SortedMap<String, Tensor.Floats> rotary(
      Shapes shapes, SortedMap<String, Source> sources, PatchGrid.Fit fit, int dim) {
    SortedMap<String, Tensor.Floats> computed = new TreeMap<>();
    List<Integer> shape = List.of(fit.trained() * fit.trained(), dim);
    SortedMap<String, Tensor.Floats> trained = RotaryTables.of(fit.trained(), fit.trained(), dim);
    RotaryTables.stretched(fit.height(), fit.width(), fit.trained(), dim)
        .forEach(
            (name, table) -> {
              if (!shapes.keys().contains(name)) {
                sources.remove(name);
                computed.put(name, table);
              } else {
                UnaryOperator<float[]> take =
                    stored -> {
                      if (!fit.isResized()) {
                        return stored;
                      }
                      RotaryTables.requireComputed(name, stored, trained.get(name));
                      return table.data();
                    };
                sources.put(name, new Source(name, shape, take));
              }
            });
    return computed;
  }

  private static List<String> notes(
      ImportOptions options, @Nullable String size, PatchGrid.Fit fit) {
    List<String> notes = new ArrayList<>(fit.notes());
    if (options.scanDirections() == null && "S".equals(size)) {
      notes.add(
          NAME
              + "-S exists with two tables of scan directions. This one is taken to scan by"
              + " h,h_flip,w2,w2_flip in all blocks; if its accuracy is poor, set scanDirections to"
              + " localvim-s-searched.");
    }
    return notes;
  }

  private static @Nullable String released(int dim, int depth) {
    if (depth != RELEASED_DEPTH) {
      return null;
    }
    return switch (dim) {
      case 192 -> "T";
      case 384 -> "S";
      default -> null;
    };
  }
}
