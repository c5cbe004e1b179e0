package io.github.ptq4vm.network;

import java.util.ArrayList;
import java.util.List;

/**
 * Vision Mamba (Vim), bidirectional "v2" with a class token in the middle: Ti, S, B, the stride 8
 * models and any other size. Parameter names are the keys of the authors' state dict.
 *
 * @param dim width of the residual stream, D
 * @param inner inner width, E = 2 D in the released models
 * @param depth number of blocks
 * @param states state size of the scan, N
 * @param rank width of the low-rank step sizes, R
 * @param convolution taps of the causal convolution
 * @param patch side of a patch in pixels
 * @param stride distance of patches in pixels
 * @param height height of the input in pixels
 * @param width width of the input in pixels
 * @param classes number of logits
 */
public record VisionMamba(
    int dim,
    int inner,
    int depth,
    int states,
    int rank,
    int convolution,
    int patch,
    int stride,
    int height,
    int width,
    int classes) {

  /** A model for square images, of that side in pixels. */
  public VisionMamba(
      int dim,
      int inner,
      int depth,
      int states,
      int rank,
      int convolution,
      int patch,
      int stride,
      int imageSize,
      int classes) {
    this(
        dim, inner, depth, states, rank, convolution, patch, stride, imageSize, imageSize, classes);
  }

  /** Tokens of the sequence, class token included. */
  public int tokens() {
    int rows = (height - patch) / stride + 1;
    int columns = (width - patch) / stride + 1;
    return Math.multiplyExact(rows, columns) + 1;
  }

  /** The network. */
  public Network network() {
    List<Section> sections = new ArrayList<>();
    int tokens = tokens();
    int middle = (tokens - 1) / 2;
    List<Operation> stem = new ArrayList<>();
    String patches = new MambaOperations(stem).patches(dim, height, width, patch, stride);
    stem.add(new TokenOperation.InsertToken("cls_token", patches, dim, middle, "cls_token"));
    stem.add(new TokenOperation.AddTable("pos_embed", "cls_token", tokens, dim, "pos_embed"));
    sections.add(new Section("patch_embed", false, stem));
    String stream = "pos_embed";
    for (int i = 0; i < depth; i++) {
      sections.add(block("layers." + i, stream, tokens));
      stream = sections.get(sections.size() - 1).output();
    }
    List<Operation> head = new ArrayList<>();
    MambaOperations ops = new MambaOperations(head);
    String normed = ops.rmsNorm("norm_f", stream, dim);
    String pooled = ops.add(new TokenOperation.SelectToken("pool", normed, middle));
    ops.linear("head", pooled, "head", dim, classes, true);
    sections.add(new Section("head", false, head));
    return new Network("vim-d" + dim + "-l" + depth, height, width, sections);
  }

  private Section block(String name, String stream, int tokens) {
    List<Operation> list = new ArrayList<>();
    MambaOperations ops = new MambaOperations(list);
    String mixer = name + ".mixer";
    String normed = ops.rmsNorm(name + ".norm", stream, dim);
    String projected =
        ops.quantizable(
            mixer + ".in_proj", normed, "in_proj", dim, 2 * inner, mixer + ".in_proj.weight", "");
    String x = ops.channels(mixer + ".x", projected, 0, inner);
    String z = ops.channels(mixer + ".z", projected, inner, 2 * inner);
    MambaOperations.Sizes sizes = new MambaOperations.Sizes(inner, states, rank);
    String forward = ops.branch(mixer, "", x, convolution, sizes, "A_log");
    TokenOrder reversed = TokenOrder.reversed(tokens);
    String flipped = ops.gather(mixer + ".x_b", x, reversed);
    String backward =
        ops.scatter(
            mixer + ".y_b",
            ops.branch(mixer, "_b", flipped, convolution, sizes, "A_b_log"),
            reversed);
    // The gate of a token is the same in both directions, so the mean is gated once.
    String mean = ops.add(new Operation.Merge(mixer + ".merge", List.of(forward, backward), 0.5f));
    String gated = ops.add(new Operation.Gate(mixer + ".gate", mean, z));
    String mixed =
        ops.quantizable(
            mixer + ".out_proj", gated, "out_proj", inner, dim, mixer + ".out_proj.weight", "");
    ops.add(new Operation.Add(name, stream, mixed));
    return new Section(name, true, list);
  }
}
