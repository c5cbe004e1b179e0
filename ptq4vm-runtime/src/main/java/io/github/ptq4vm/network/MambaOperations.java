package io.github.ptq4vm.network;

import java.util.List;

/** Operations that several families have in common; writes them behind a list. */
final class MambaOperations {
  private static final float EPS = 1e-5f;
  private static final int ATTENTION_RATIO = 8;

  private final List<Operation> operations;

  MambaOperations(List<Operation> operations) {
    this.operations = operations;
  }

  /**
   * What a scan needs.
   *
   * @param inner channels of the scan, E
   * @param states state size, N
   * @param rank width of the low-rank step sizes, R
   */
  record Sizes(int inner, int states, int rank) {}

  /**
   * Names of the parameters of one direction.
   *
   * @param projection weight of x_proj, {@code [rank + 2 states, inner]}: step sizes, B, C
   * @param step weight of dt_proj, {@code [inner, rank]}
   * @param stepBias bias of dt_proj
   */
  record ScanWeights(String projection, String step, String stepBias, String aLog, String skip) {}

  /** Appends an operation; returns the name of its value. */
  String add(Operation operation) {
    operations.add(operation);
    return operation.output();
  }

  /** A linear that the method quantizes. */
  String quantizable(
      String name, String input, String kind, int in, int out, String weight, String bias) {
    return add(new Operation.Linear(name, input, kind, in, out, weight, bias, true, null));
  }

  /** A linear that stays in float32. */
  String linear(String name, String input, String kind, int in, int out, boolean bias) {
    return add(
        new Operation.Linear(
            name, input, kind, in, out, name + ".weight", bias ? name + ".bias" : "", false, null));
  }

  String rmsNorm(String name, String input, int channels) {
    return add(new Operation.RmsNorm(name, input, channels, EPS, name + ".weight"));
  }

  /** A layer norm whose parameters are called as it is. */
  String layerNorm(String name, String input, int channels) {
    return layerNorm(name, input, channels, name);
  }

  /** A layer norm with parameters of another name. */
  String layerNorm(String name, String input, int channels, String parameters) {
    return add(
        new Operation.LayerNorm(
            name, input, channels, EPS, parameters + ".weight", parameters + ".bias"));
  }

  String activate(String name, String input, Activation activation) {
    return add(new Operation.Activate(name, input, activation));
  }

  String channels(String name, String input, int from, int to) {
    return add(new Operation.Channels(name, input, from, to));
  }

  /** Tokens in the order of a scan; nothing where they lie so. */
  String gather(String name, String input, TokenOrder order) {
    return order.isIdentity() ? input : add(new TokenOperation.Gather(name, input, order));
  }

  /** The way back from {@link #gather}. */
  String scatter(String name, String input, TokenOrder order) {
    return order.isIdentity() ? input : add(new TokenOperation.Scatter(name, input, order));
  }

  /**
   * One direction of a one-dimensional block: the causal convolution, then {@link #scan}.
   * Parameters are called as the values they belong to.
   *
   * @param mixer prefix of the names, without its dot
   * @param suffix of them, which tells directions apart
   * @param input in scan order
   * @param taps of the convolution
   * @param aLog name of the scan's parameter below {@code mixer}, which follows no rule
   * @return name of the scan's value, still in scan order
   */
  String branch(String mixer, String suffix, String input, int taps, Sizes sizes, String aLog) {
    String convolution = mixer + ".conv1d" + suffix;
    String step = mixer + ".dt_proj" + suffix;
    String u =
        add(
            new Operation.CausalConvolution(
                convolution,
                input,
                sizes.inner(),
                taps,
                convolution + ".weight",
                convolution + ".bias",
                Activation.SILU));
    return scan(
        mixer + ".",
        suffix,
        u,
        sizes,
        new ScanWeights(
            mixer + ".x_proj" + suffix + ".weight",
            step + ".weight",
            step + ".bias",
            mixer + "." + aLog,
            mixer + ".D" + suffix));
  }

  /** Patches of the image as tokens: the embedding of the one-dimensional families. */
  String patches(int dim, int height, int width, int patch, int stride) {
    return add(
        new GridOperation.Convolution2d(
            "patch_embed",
            Network.IMAGE,
            3,
            dim,
            height,
            width,
            patch,
            stride,
            0,
            "patch_embed.proj.weight",
            "patch_embed.proj.bias"));
  }

  /**
   * x_proj, dt_proj and the scan over an input that is in scan order.
   *
   * @param prefix of the values' names
   * @param suffix of them, which tells directions apart
   * @return name of the scan's value, still in scan order
   */
  String scan(String prefix, String suffix, String input, Sizes sizes, ScanWeights weights) {
    int rank = sizes.rank();
    int states = sizes.states();
    int inner = sizes.inner();
    String projected =
        quantizable(
            prefix + "x_proj" + suffix,
            input,
            "x_proj",
            inner,
            rank + 2 * states,
            weights.projection(),
            "");
    String low = channels(prefix + "dt" + suffix, projected, 0, rank);
    String b = channels(prefix + "B" + suffix, projected, rank, rank + states);
    String c = channels(prefix + "C" + suffix, projected, rank + states, rank + 2 * states);
    String dt =
        quantizable(
            prefix + "dt_proj" + suffix,
            low,
            "dt_proj",
            rank,
            inner,
            weights.step(),
            weights.stepBias());
    return add(
        new Operation.SelectiveScan(
            prefix + "scan" + suffix,
            input,
            dt,
            b,
            c,
            inner,
            states,
            weights.aLog(),
            weights.skip()));
  }

  /**
   * LocalMamba's BiAttn: channels are scaled by factors between 0 and 1 that the mean over tokens
   * decides. All directions of a block share its weights. Source: spec architectures.md 4.3.
   *
   * @param parameters prefix of its parameters
   * @param name prefix of its values
   * @param suffix of them, which tells directions apart
   */
  String attention(String parameters, String name, String suffix, String input, int channels) {
    String normed = layerNorm(name + ".norm" + suffix, input, channels, parameters + ".norm");
    String mean = add(new TokenOperation.MeanTokens(name + ".mean" + suffix, normed));
    String reduced =
        shared(
            name, parameters, "global_reduce", suffix, mean, channels, channels / ATTENTION_RATIO);
    String active = activate(name + ".gelu" + suffix, reduced, Activation.GELU);
    String selected =
        shared(
            name,
            parameters,
            "channel_select",
            suffix,
            active,
            channels / ATTENTION_RATIO,
            channels);
    String factors = activate(name + ".sigmoid" + suffix, selected, Activation.SIGMOID);
    return add(new Operation.ScaleChannels(name + suffix, input, factors));
  }

  private String shared(
      String name, String parameters, String kind, String suffix, String input, int in, int out) {
    return add(
        new Operation.Linear(
            name + "." + kind + suffix,
            input,
            kind,
            in,
            out,
            parameters + "." + kind + ".weight",
            parameters + "." + kind + ".bias",
            false,
            null));
  }
}
