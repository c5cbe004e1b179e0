package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Vim of any size: width, depth, states, rank, taps, patch, tokens and classes are in the shapes.
 */
final class VimFamily implements Family {
  private static final Pattern LAYER = Pattern.compile("layers\\.(\\d+)\\..*");
  private static final int RELEASED_DEPTH = 24;

  @Override
  public KeyLayout layout() {
    return KeyLayouts.VIM;
  }

  @Override
  public SortedSet<String> keys(Set<String> present) {
    int depth = Math.max(1, depth(present));
    SortedSet<String> keys = new TreeSet<>();
    for (String pattern : layout().patterns()) {
      if (pattern.contains("#")) {
        for (int i = 0; i < depth; i++) {
          keys.add(pattern.replace("#", Integer.toString(i)));
        }
      } else {
        keys.add(pattern);
      }
    }
    return keys;
  }

  @Override
  public Sized size(Checkpoint checkpoint, int imageSize, @Nullable Integer stride) {
    String mixer = "layers.0.mixer.";
    int dim = extent(checkpoint, "patch_embed.proj.weight", 4, 0);
    int patch = extent(checkpoint, "patch_embed.proj.weight", 4, 2);
    int inner = extent(checkpoint, mixer + "out_proj.weight", 2, 1);
    int depth = depth(checkpoint.tensors().keySet());
    int tokens = extent(checkpoint, "pos_embed", 3, 1);
    int classes = extent(checkpoint, "head.weight", 2, 0);
    int resolved =
        new PatchGrid(checkpoint.file().toString(), patch, tokens).stride(imageSize, stride);
    VisionMamba vim =
        new VisionMamba(
            dim,
            inner,
            depth,
            extent(checkpoint, mixer + "A_log", 2, 1),
            extent(checkpoint, mixer + "dt_proj.weight", 2, 1),
            extent(checkpoint, mixer + "conv1d.weight", 3, 2),
            patch,
            resolved,
            imageSize,
            classes);
    return new Sized(vim.network(), variant(dim, depth, patch, resolved), resolved);
  }

  @Override
  public String key(Parameter parameter) {
    return parameter.name();
  }

  /** Number of different layers, which is no larger than the number of keys. */
  private static int depth(Set<String> keys) {
    return (int)
        keys.stream()
            .map(LAYER::matcher)
            .filter(Matcher::matches)
            .map(matcher -> matcher.group(1))
            .distinct()
            .count();
  }

  private static int extent(Checkpoint checkpoint, String key, int rank, int dimension) {
    List<Integer> shape = checkpoint.tensors().get(key).shape();
    if (shape.size() != rank || shape.contains(0)) {
      throw new CompileException(
          "The tensor \""
              + key
              + "\" of the checkpoint "
              + checkpoint.file()
              + " has shape "
              + shape
              + "; "
              + rank
              + " extents, none of them 0, are expected in a Vim.");
    }
    return shape.get(dimension);
  }

  private static String variant(int dim, int depth, int patch, int stride) {
    String size =
        depth != RELEASED_DEPTH || patch != 16
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
