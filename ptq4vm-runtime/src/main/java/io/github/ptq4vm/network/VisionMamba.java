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
 * @param imageSize side of the square input in pixels
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
    int imageSize,
    int classes) {

  private static final float EPS = 1e-5f;

  /** Tokens of the sequence, class token included. */
  public int tokens() {
    int grid = (imageSize - patch) / stride + 1;
    return grid * grid + 1;
  }

  /** The network. */
  public Network network() {
    List<Section> sections = new ArrayList<>();
    int tokens = tokens();
    int middle = (tokens - 1) / 2;
    sections.add(
        new Section(
            "patch_embed",
            false,
            List.of(
                new Operation.Convolution2d(
                    "patch_embed",
                    Network.IMAGE,
                    3,
                    dim,
                    imageSize,
                    imageSize,
                    patch,
                    stride,
                    "patch_embed.proj.weight",
                    "patch_embed.proj.bias"),
                new Operation.InsertToken("cls_token", "patch_embed", dim, middle, "cls_token"),
                new Operation.AddTable("pos_embed", "cls_token", tokens, dim, "pos_embed"))));
    String stream = "pos_embed";
    for (int i = 0; i < depth; i++) {
      sections.add(block("layers." + i, stream, tokens));
      stream = sections.get(sections.size() - 1).output();
    }
    sections.add(
        new Section(
            "head",
            false,
            List.of(
                new Operation.RmsNorm("norm_f", stream, dim, EPS, "norm_f.weight"),
                new Operation.SelectToken("pool", "norm_f", middle),
                new Operation.Linear(
                    "head",
                    "pool",
                    "head",
                    dim,
                    classes,
                    "head.weight",
                    "head.bias",
                    false,
                    null))));
    return new Network("vim-d" + dim + "-l" + depth, imageSize, imageSize, sections);
  }

  private Section block(String name, String stream, int tokens) {
    List<Operation> ops = new ArrayList<>();
    String mixer = name + ".mixer";
    ops.add(new Operation.RmsNorm(name + ".norm", stream, dim, EPS, name + ".norm.weight"));
    ops.add(linear(mixer + ".in_proj", name + ".norm", "in_proj", dim, 2 * inner, false));
    ops.add(new Operation.Channels(mixer + ".x", mixer + ".in_proj", 0, inner));
    ops.add(new Operation.Channels(mixer + ".z", mixer + ".in_proj", inner, 2 * inner));
    direction(ops, mixer, "", mixer + ".x", "A_log");
    TokenOrder reversed = TokenOrder.reversed(tokens);
    ops.add(new Operation.Gather(mixer + ".x_b", mixer + ".x", reversed));
    direction(ops, mixer, "_b", mixer + ".x_b", "A_b_log");
    ops.add(new Operation.Scatter(mixer + ".y_b", mixer + ".scan_b", reversed));
    // The gate of a token is the same in both directions, so the mean is gated once.
    ops.add(new Operation.Merge(mixer + ".merge", List.of(mixer + ".scan", mixer + ".y_b"), 0.5f));
    ops.add(new Operation.Gate(mixer + ".gate", mixer + ".merge", mixer + ".z"));
    ops.add(linear(mixer + ".out_proj", mixer + ".gate", "out_proj", inner, dim, false));
    ops.add(new Operation.Add(name, stream, mixer + ".out_proj"));
    return new Section(name, true, ops);
  }

  private void direction(
      List<Operation> ops, String mixer, String suffix, String input, String aLog) {
    String u = mixer + ".conv1d" + suffix;
    String projected = mixer + ".x_proj" + suffix;
    String low = mixer + ".dt" + suffix;
    String dt = mixer + ".dt_proj" + suffix;
    ops.add(
        new Operation.CausalConvolution(
            u, input, inner, convolution, u + ".weight", u + ".bias", Activation.SILU));
    ops.add(linear(projected, u, "x_proj", inner, rank + 2 * states, false));
    ops.add(new Operation.Channels(low, projected, 0, rank));
    ops.add(new Operation.Channels(mixer + ".B" + suffix, projected, rank, rank + states));
    ops.add(
        new Operation.Channels(mixer + ".C" + suffix, projected, rank + states, rank + 2 * states));
    ops.add(linear(dt, low, "dt_proj", rank, inner, true));
    ops.add(
        new Operation.SelectiveScan(
            mixer + ".scan" + suffix,
            u,
            dt,
            mixer + ".B" + suffix,
            mixer + ".C" + suffix,
            inner,
            states,
            mixer + "." + aLog,
            mixer + ".D" + suffix));
  }

  private static Operation.Linear linear(
      String name, String input, String kind, int in, int out, boolean bias) {
    return new Operation.Linear(
        name, input, kind, in, out, name + ".weight", bias ? name + ".bias" : "", true, null);
  }
}
