package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.VMamba;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * Sizes of a network in stages, taken from its tensors.
 *
 * @param stages the stages
 * @param states state size of the scan
 * @param directions directions of each block
 * @param classes number of logits
 */
record StagedShapes(List<VMamba.Stage> stages, int states, int directions, int classes) {

  /**
   * Reads the sizes.
   *
   * @param mlp whether blocks have an MLP
   */
  static StagedShapes of(Shapes shapes, KeyLayout layout, boolean mlp) {
    List<VMamba.Stage> stages = new ArrayList<>();
    List<Integer> depths = layout.depths(shapes.keys());
    for (int s = 0; s < depths.size(); s++) {
      String block = "layers." + s + ".blocks.0.";
      String out = block + "op.out_proj.weight";
      stages.add(
          new VMamba.Stage(
              shapes.extent(out, 2, 0),
              depths.get(s),
              shapes.extent(out, 2, 1),
              shapes.extent(block + "op.dt_projs_weight", 3, 2),
              mlp ? shapes.extent(block + "mlp.fc1.weight", 2, 0) : 0));
    }
    return new StagedShapes(
        stages,
        shapes.extent("layers.0.blocks.0.op.A_logs", 2, 1),
        shapes.extent("layers.0.blocks.0.op.x_proj_weight", 3, 0),
        shapes.extent("classifier.head.weight", 2, 0));
  }

  /** Number of blocks. */
  int blocks() {
    return stages.stream().mapToInt(VMamba.Stage::depth).sum();
  }

  /** Width of the first stage. */
  int dim() {
    return stages.get(0).dim();
  }

  /** Depths of the stages, e.g. {@code 2, 2, 9, 2}. */
  String depths() {
    return listed(VMamba.Stage::depth);
  }

  /** A name for a size that was not released. */
  String described(String family) {
    return family + " of widths " + listed(VMamba.Stage::dim) + " and depths " + depths();
  }

  /** Whether each stage is twice as wide as the one before and has that inner ratio. */
  boolean isRegular(int ratio) {
    for (int s = 0; s < stages.size(); s++) {
      VMamba.Stage stage = stages.get(s);
      if (stage.dim() != (long) dim() << s || stage.inner() != (long) ratio * stage.dim()) {
        return false;
      }
    }
    return true;
  }

  private String listed(ToIntFunction<VMamba.Stage> size) {
    return stages.stream()
        .map(stage -> Integer.toString(size.applyAsInt(stage)))
        .collect(Collectors.joining(", "));
  }
}
