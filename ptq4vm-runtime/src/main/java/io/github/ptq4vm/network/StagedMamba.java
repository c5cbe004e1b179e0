package io.github.ptq4vm.network;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What VMamba and LocalVMamba have in common: stages of blocks that convolve a grid and scan it in
 * several directions, with downsampling between. Parameter names are the keys of the authors' state
 * dict; a tensor that holds all directions one after the other counts as one parameter a direction,
 * its key followed by the direction's number.
 *
 * @param architecture what a reader calls it, without widths and depths
 * @param overlapping whether stem and downsampling are overlapping 3 x 3 convolutions and there is
 *     no gate; otherwise patches, patch merging and a gate
 * @param directions scan directions of each block, through all stages
 * @param attention whether each direction's channels are weighed
 */
record StagedMamba(
    String architecture,
    int height,
    int width,
    int classes,
    List<VMamba.Stage> stages,
    int states,
    boolean overlapping,
    List<List<ScanDirection>> directions,
    boolean attention) {

  private static final int CONVOLUTION = 3;

  StagedMamba {
    int depth = stages.stream().mapToInt(VMamba.Stage::depth).sum();
    if (stages.isEmpty() || directions.size() != depth) {
      throw new InvalidNetworkException(
          "Scan directions of "
              + directions.size()
              + " blocks do not fit "
              + stages.size()
              + " stages of "
              + depth
              + " blocks together.");
    }
  }

  /** A value on a grid. */
  private record Grid(String value, int height, int width) {
    Grid with(String next) {
      return new Grid(next, height, width);
    }
  }

  Network network() {
    List<Section> sections = new ArrayList<>();
    Grid grid = stem(sections);
    int block = 0;
    for (int s = 0; s < stages.size(); s++) {
      for (int j = 0; j < stages.get(s).depth(); j++) {
        grid =
            block(
                sections,
                "layers." + s + ".blocks." + j,
                grid,
                stages.get(s),
                directions.get(block++));
      }
      if (s + 1 < stages.size()) {
        grid = downsample(sections, "layers." + s + ".downsample", grid, stages, s);
      }
    }
    List<Operation> head = new ArrayList<>();
    MambaOperations ops = new MambaOperations(head);
    int dim = stages.get(stages.size() - 1).dim();
    String normed = ops.layerNorm("classifier.norm", grid.value(), dim);
    String pooled = ops.add(new TokenOperation.MeanTokens("pool", normed));
    ops.linear("classifier.head", pooled, "head", dim, classes, true);
    sections.add(new Section("classifier", false, head));
    return new Network(name(), height, width, sections);
  }

  private String name() {
    return architecture
        + "-d"
        + stages.get(0).dim()
        + "-l"
        + stages.stream()
            .map(stage -> Integer.toString(stage.depth()))
            .collect(Collectors.joining("."));
  }

  private Grid stem(List<Section> sections) {
    List<Operation> list = new ArrayList<>();
    MambaOperations ops = new MambaOperations(list);
    Grid grid = new Grid(Network.IMAGE, height, width);
    int dim = stages.get(0).dim();
    if (overlapping) {
      grid = convolution(ops, "patch_embed.0", grid, 3, dim / 2, CONVOLUTION, 2, 1);
      String normed = ops.layerNorm("patch_embed.2", grid.value(), dim / 2);
      grid = grid.with(ops.activate("patch_embed.gelu", normed, Activation.GELU));
      grid = convolution(ops, "patch_embed.5", grid, dim / 2, dim, CONVOLUTION, 2, 1);
      grid = grid.with(ops.layerNorm("patch_embed.7", grid.value(), dim));
    } else {
      grid = convolution(ops, "patch_embed.0", grid, 3, dim, 4, 4, 0);
      grid = grid.with(ops.layerNorm("patch_embed.2", grid.value(), dim));
    }
    sections.add(new Section("patch_embed", false, list));
    return grid;
  }

  private Grid downsample(
      List<Section> sections, String name, Grid grid, List<VMamba.Stage> stages, int stage) {
    List<Operation> list = new ArrayList<>();
    MambaOperations ops = new MambaOperations(list);
    int in = stages.get(stage).dim();
    int out = stages.get(stage + 1).dim();
    Grid smaller;
    if (overlapping) {
      smaller = convolution(ops, name + ".1", grid, in, out, CONVOLUTION, 2, 1);
      smaller = smaller.with(ops.layerNorm(name + ".3", smaller.value(), out));
    } else {
      GridOperation.MergePatches merge =
          new GridOperation.MergePatches(
              name + ".merge", grid.value(), in, grid.height(), grid.width());
      ops.add(merge);
      String normed = ops.layerNorm(name + ".norm", merge.output(), 4 * in);
      String reduced = ops.linear(name + ".reduction", normed, "reduction", 4 * in, out, false);
      smaller = new Grid(reduced, merge.outHeight(), merge.outWidth());
    }
    sections.add(new Section(name, false, list));
    return smaller;
  }

  private static Grid convolution(
      MambaOperations ops,
      String name,
      Grid grid,
      int in,
      int out,
      int kernel,
      int stride,
      int padding) {
    GridOperation.Convolution2d convolution =
        new GridOperation.Convolution2d(
            name,
            grid.value(),
            in,
            out,
            grid.height(),
            grid.width(),
            kernel,
            stride,
            padding,
            name + ".weight",
            name + ".bias");
    ops.add(convolution);
    return new Grid(name, convolution.outHeight(), convolution.outWidth());
  }

  private Grid block(
      List<Section> sections,
      String name,
      Grid grid,
      VMamba.Stage stage,
      List<ScanDirection> directions) {
    List<Operation> list = new ArrayList<>();
    MambaOperations ops = new MambaOperations(list);
    String normed = ops.layerNorm(name + ".norm", grid.value(), stage.dim());
    String mixed = mix(ops, name + ".op", grid.with(normed), stage, directions);
    boolean mlp = stage.hidden() > 0;
    String stream = ops.add(new Operation.Add(mlp ? name + ".mixed" : name, grid.value(), mixed));
    if (mlp) {
      String second = ops.layerNorm(name + ".norm2", stream, stage.dim());
      String wide = mlp(ops, name + ".mlp.fc1", second, "fc1", stage.dim(), stage.hidden());
      String active = ops.activate(name + ".mlp.gelu", wide, Activation.GELU);
      String narrow = mlp(ops, name + ".mlp.fc2", active, "fc2", stage.hidden(), stage.dim());
      stream = ops.add(new Operation.Add(name, stream, narrow));
    }
    sections.add(new Section(name, true, list));
    return grid.with(stream);
  }

  private static String mlp(
      MambaOperations ops, String name, String input, String kind, int in, int out) {
    return ops.quantizable(name, input, kind, in, out, name + ".weight", name + ".bias");
  }

  /** The scanning part of a block, SS2D. */
  private String mix(
      MambaOperations ops,
      String op,
      Grid grid,
      VMamba.Stage stage,
      List<ScanDirection> directions) {
    int inner = stage.inner();
    boolean gated = !overlapping;
    String projected =
        ops.quantizable(
            op + ".in_proj",
            grid.value(),
            "in_proj",
            stage.dim(),
            gated ? 2 * inner : inner,
            op + ".in_proj.weight",
            "");
    String x = gated ? ops.channels(op + ".x", projected, 0, inner) : projected;
    String u =
        ops.add(
            new GridOperation.DepthwiseConvolution2d(
                op + ".conv2d",
                x,
                inner,
                grid.height(),
                grid.width(),
                CONVOLUTION,
                op + ".conv2d.weight",
                gated ? op + ".conv2d.bias" : "",
                Activation.SILU));
    List<String> scanned = new ArrayList<>();
    for (int k = 0; k < directions.size(); k++) {
      TokenOrder order = directions.get(k).order(grid.height(), grid.width());
      String suffix = "." + k;
      String ordered =
          ops.scan(
              op + ".",
              suffix,
              ops.gather(op + ".u" + suffix, u, order),
              new MambaOperations.Sizes(inner, states, stage.rank()),
              new MambaOperations.ScanWeights(
                  op + ".x_proj_weight" + suffix,
                  op + ".dt_projs_weight" + suffix,
                  op + ".dt_projs_bias" + suffix,
                  op + ".A_logs" + suffix,
                  op + ".Ds" + suffix));
      String back = ops.scatter(op + ".y" + suffix, ordered, order);
      scanned.add(
          attention
              ? ops.attention(op + ".multi_scan.attn", op + ".attn", suffix, back, inner)
              : back);
    }
    String merged = ops.add(new Operation.Merge(op + ".merge", scanned, 1f));
    String out = ops.layerNorm(op + ".out_norm", merged, inner);
    if (gated) {
      out =
          ops.add(
              new Operation.Gate(
                  op + ".gate", out, ops.channels(op + ".z", projected, inner, 2 * inner)));
    }
    return ops.quantizable(
        op + ".out_proj", out, "out_proj", inner, stage.dim(), op + ".out_proj.weight", "");
  }
}
