package io.github.ptq4vm.network;

import java.util.ArrayList;
import java.util.List;

/**
 * LocalVim: a Vim whose blocks scan in four searched directions each, some of them window by
 * window, and weigh each direction's channels. Parameter names are the keys of the authors' state
 * dict. Source: spec architectures.md 4.3.
 *
 * @param dim width of the residual stream, D
 * @param inner inner width, E
 * @param states state size of the scan, N
 * @param rank width of the low-rank step sizes, R
 * @param convolution taps of the causal convolution
 * @param patch side of a patch in pixels
 * @param stride distance of patches in pixels
 * @param height height of the input in pixels
 * @param width width of the input in pixels
 * @param classes number of logits
 * @param classToken whether a class token stands in the middle and makes the prediction; otherwise
 *     positions are rotary too, and the mean over tokens makes it
 * @param directions directions of each block
 */
public record LocalVim(
    int dim,
    int inner,
    int states,
    int rank,
    int convolution,
    int patch,
    int stride,
    int height,
    int width,
    int classes,
    boolean classToken,
    List<List<ScanDirection>> directions) {

  /** Takes an immutable copy of the directions. */
  public LocalVim {
    directions = directions.stream().map(List::copyOf).toList();
  }

  /** The network. */
  public Network network() {
    int gridHeight = (height - patch) / stride + 1;
    int gridWidth = (width - patch) / stride + 1;
    int patches = gridHeight * gridWidth;
    int middle = patches / 2;
    int tokens = classToken ? patches + 1 : patches;

    List<Section> sections = new ArrayList<>();
    List<Operation> stem = new ArrayList<>();
    String stream = new MambaOperations(stem).patches(dim, height, width, patch, stride);
    if (classToken) {
      stem.add(new TokenOperation.InsertToken("cls_token", stream, dim, middle, "cls_token"));
      stream = "cls_token";
    }
    stem.add(new TokenOperation.AddTable("pos_embed", stream, tokens, dim, "pos_embed"));
    sections.add(new Section("patch_embed", false, stem));
    stream = "pos_embed";
    for (int i = 0; i < directions.size(); i++) {
      List<TokenOrder> orders =
          directions.get(i).stream()
              .map(direction -> direction.order(gridHeight, gridWidth))
              .map(order -> classToken ? order.withToken(middle) : order)
              .toList();
      sections.add(block("layers." + i, stream, tokens, orders));
      stream = sections.get(sections.size() - 1).output();
    }
    List<Operation> head = new ArrayList<>();
    MambaOperations ops = new MambaOperations(head);
    String normed = ops.rmsNorm("norm_f", stream, dim);
    String pooled =
        ops.add(
            classToken
                ? new TokenOperation.SelectToken("pool", normed, middle)
                : new TokenOperation.MeanTokens("pool", normed));
    ops.linear("head", pooled, "head", dim, classes, true);
    sections.add(new Section("head", false, head));
    return new Network("localvim-d" + dim + "-l" + directions.size(), height, width, sections);
  }

  private Section block(String name, String stream, int tokens, List<TokenOrder> orders) {
    List<Operation> list = new ArrayList<>();
    MambaOperations ops = new MambaOperations(list);
    String mixer = name + ".mixer";
    // The authors rotate hidden state and residual each; rotating their sum is the same.
    String residual =
        classToken
            ? stream
            : ops.add(
                new TokenOperation.RotatePairs(
                    name + ".rope", stream, tokens, dim, "rope.freqs_cos", "rope.freqs_sin"));
    String normed = ops.rmsNorm(name + ".norm", residual, dim);
    String projected =
        ops.quantizable(
            mixer + ".in_proj", normed, "in_proj", dim, 2 * inner, mixer + ".in_proj.weight", "");
    String x = ops.channels(mixer + ".x", projected, 0, inner);
    String z = ops.channels(mixer + ".z", projected, inner, 2 * inner);
    List<String> weighed = new ArrayList<>();
    for (int k = 0; k < orders.size(); k++) {
      weighed.add(direction(ops, mixer, "_" + k, orders.get(k), x, z));
    }
    String sum = ops.add(new Operation.Merge(mixer + ".merge", weighed, 1f));
    String mixed =
        ops.quantizable(
            mixer + ".out_proj", sum, "out_proj", inner, dim, mixer + ".out_proj.weight", "");
    ops.add(new Operation.Add(name, residual, mixed));
    return new Section(name, true, list);
  }

  private String direction(
      MambaOperations ops, String mixer, String suffix, TokenOrder order, String x, String z) {
    String scanned =
        ops.branch(
            mixer,
            suffix,
            ops.gather(mixer + ".x" + suffix, x, order),
            convolution,
            new MambaOperations.Sizes(inner, states, rank),
            "A_log" + suffix);
    // A token's gate is the same wherever the scan meets it, so z need not be reordered.
    String ordered = ops.scatter(mixer + ".y" + suffix, scanned, order);
    String gated = ops.add(new Operation.Gate(mixer + ".gate" + suffix, ordered, z));
    return ops.attention(mixer + ".attn", mixer + ".attn", suffix, gated, inner);
  }
}
