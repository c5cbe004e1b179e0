package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImageSize;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A checkpoint in a few lines: how many tensors of which types and shapes, with all layers' tensors
 * of one kind in one line.
 *
 * @param tensors number of tensors
 * @param elements number of their elements
 * @param types how many tensors have an element type, by its safetensors name
 * @param shapes by key, with {@code #} for every number in it: for each shape, with its element
 *     type, how many tensors have it, e.g. {@code 24 x [768, 192] F32}
 */
public record CheckpointSummary(
    int tensors,
    long elements,
    SortedMap<String, Integer> types,
    SortedMap<String, List<String>> shapes) {
  private static final ImageSize PUBLISHED = ImageSize.square(224);

  /** Summarises the state dict that is open; reads no weight. */
  public static CheckpointSummary of(Checkpoint checkpoint) {
    long elements = 0;
    SortedMap<String, Integer> types = new TreeMap<>();
    SortedMap<String, SortedMap<String, Integer>> counts = new TreeMap<>();
    for (Map.Entry<String, TensorInfo> tensor : checkpoint.tensors().entrySet()) {
      TensorInfo info = tensor.getValue();
      elements += info.shape().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
      types.merge(info.dtype(), 1, Integer::sum);
      counts
          .computeIfAbsent(KeyLayout.patternOf(tensor.getKey()), key -> new TreeMap<>())
          .merge(info.shape() + " " + info.dtype(), 1, Integer::sum);
    }
    SortedMap<String, List<String>> shapes = new TreeMap<>();
    counts.forEach(
        (pattern, byShape) -> {
          List<String> lines = new ArrayList<>();
          byShape.forEach((shape, count) -> lines.add(count == 1 ? shape : count + " x " + shape));
          shapes.put(pattern, List.copyOf(lines));
        });
    return new CheckpointSummary(checkpoint.tensors().size(), elements, types, shapes);
  }

  /**
   * Image sizes a checkpoint may have been trained with, likeliest first: that of published models,
   * and the one its patches tile to the number of its positions.
   */
  public static List<ImageSize> likelyImageSizes(Checkpoint checkpoint) {
    Set<ImageSize> sizes = new LinkedHashSet<>(Set.of(PUBLISHED));
    TensorInfo table = checkpoint.tensors().get(PositionTable.KEY);
    TensorInfo patches = checkpoint.tensors().get("patch_embed.proj.weight");
    if (table != null
        && patches != null
        && table.shape().size() == 3
        && patches.shape().size() == 4) {
      // One token more than a square is a class token, and the root of the sum is no different.
      long side = (long) Math.sqrt(table.shape().get(1));
      long pixels = side * patches.shape().get(2);
      if (pixels > 0 && pixels <= 1 << 13) {
        sizes.add(ImageSize.square((int) pixels));
      }
    }
    return List.copyOf(sizes);
  }
}
