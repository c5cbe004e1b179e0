package io.github.ptq4vm.compiler.checkpoint;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Key layouts of the published Visual Mamba checkpoints. */
final class KeyLayouts {
  private static final String MIXER = "layers.{l}.mixer.";
  private static final String BLOCK = "layers.{s}.blocks.{b}.";

  private static final List<String> VIM_STEM =
      List.of(
          "pos_embed",
          "patch_embed.proj.weight",
          "patch_embed.proj.bias",
          "layers.{l}.norm.weight",
          MIXER + "in_proj.weight",
          MIXER + "out_proj.weight",
          "norm_f.weight",
          "head.weight",
          "head.bias");

  private static final List<String> BRANCH =
      List.of(
          "conv1d%s.weight",
          "conv1d%s.bias", "x_proj%s.weight", "dt_proj%s.weight", "dt_proj%s.bias", "D%s");

  private static final List<String> SS2D =
      List.of(
          "in_proj.weight",
          "conv2d.weight",
          "x_proj_weight",
          "dt_projs_weight",
          "dt_projs_bias",
          "A_logs",
          "Ds",
          "out_norm.weight",
          "out_norm.bias",
          "out_proj.weight");

  /** What holds all scan directions of a block. Source: spec architectures.md 3.5. */
  static final Set<Slice> SS2D_SLICES =
      Set.of(
          new Slice("x_proj_weight", true),
          new Slice("dt_projs_weight", true),
          new Slice("dt_projs_bias", true),
          new Slice("A_logs", false),
          new Slice("Ds", false));

  private static final List<String> MERGING =
      List.of(
          "layers.{s}.downsample.norm.weight",
          "layers.{s}.downsample.norm.bias",
          "layers.{s}.downsample.reduction.weight");

  private static final List<String> CLASSIFIER = affine("classifier.norm", "classifier.head");
  private static final List<String> BLOCK_NORM = affine(BLOCK + "norm");
  private static final List<String> FIRST_STEM = affine("patch_embed.0", "patch_embed.2");

  /** Vim, bidirectional "v2" with a class token. */
  static final KeyLayout VIM =
      layout(
          "vim",
          "Vim",
          Set.of(),
          VIM_STEM,
          List.of("cls_token", MIXER + "A_log", MIXER + "A_b_log"),
          branch(""),
          branch("_b"));

  /** VMamba of the second generation. */
  static final KeyLayout VMAMBA =
      layout(
          "vmamba",
          "VMamba",
          Set.of(),
          affine("patch_embed.0", "patch_embed.2", "patch_embed.5", "patch_embed.7"),
          BLOCK_NORM,
          prefixed(BLOCK + "op.", SS2D),
          affine(BLOCK + "norm2", BLOCK + "mlp.fc1", BLOCK + "mlp.fc2"),
          affine("layers.{s}.downsample.1", "layers.{s}.downsample.3"),
          CLASSIFIER);

  /** VMamba of the first generation. */
  static final KeyLayout VANILLA =
      layout(
          "vmamba",
          "VMamba of the first generation",
          Set.of(),
          FIRST_STEM,
          BLOCK_NORM,
          prefixed(BLOCK + "op.", SS2D),
          List.of(BLOCK + "op.conv2d.bias"),
          MERGING,
          CLASSIFIER);

  /** LocalVim with rotary positions; their tables follow from the grid and may be left out. */
  static final KeyLayout LOCAL_VIM =
      localVim("LocalVim", Set.of("rope.freqs_cos", "rope.freqs_sin"), List.of());

  /** LocalVim with a class token. */
  static final KeyLayout LOCAL_VIM_TOKEN =
      localVim("LocalVim with a class token", Set.of(), List.of("cls_token"));

  /** LocalVMamba. */
  static final KeyLayout LOCAL_VMAMBA =
      layout(
          "localvmamba",
          "LocalVMamba",
          Set.of(),
          FIRST_STEM,
          BLOCK_NORM,
          prefixed(BLOCK + "op.", SS2D),
          List.of(BLOCK + "op.conv2d.bias"),
          attention(BLOCK + "op.multi_scan.attn."),
          MERGING,
          CLASSIFIER);

  private KeyLayouts() {}

  /** The layout most similar to a state dict's keys; of equals the first. */
  static KeyLayout closest(List<KeyLayout> layouts, Collection<String> keys) {
    Set<String> patterns = KeyLayout.patternsOf(keys);
    return layouts.stream()
        .max(
            Comparator.<KeyLayout>comparingDouble(layout -> layout.similarity(patterns))
                .thenComparing(layout -> -layouts.indexOf(layout)))
        .orElseThrow();
  }

  private static KeyLayout localVim(String title, Set<String> optional, List<String> token) {
    return layout(
        "localvim",
        title,
        optional,
        VIM_STEM,
        token,
        direction(0),
        direction(1),
        direction(2),
        direction(3),
        attention(MIXER + "attn."));
  }

  private static List<String> direction(int k) {
    return Stream.concat(branch("_" + k).stream(), Stream.of(MIXER + "A_log_" + k)).toList();
  }

  private static List<String> branch(String suffix) {
    return BRANCH.stream().map(key -> MIXER + key.formatted(suffix)).toList();
  }

  private static List<String> attention(String prefix) {
    return affine(prefix + "norm", prefix + "global_reduce", prefix + "channel_select");
  }

  /** Weight and bias of each. */
  private static List<String> affine(String... names) {
    return Stream.of(names).flatMap(name -> Stream.of(name + ".weight", name + ".bias")).toList();
  }

  private static List<String> prefixed(String prefix, List<String> keys) {
    return keys.stream().map(prefix::concat).toList();
  }

  @SafeVarargs
  private static KeyLayout layout(
      String family, String title, Set<String> optional, List<String>... parts) {
    Set<String> templates = new LinkedHashSet<>();
    for (List<String> part : parts) {
      templates.addAll(part);
    }
    return new KeyLayout(family, title, templates, optional);
  }
}
