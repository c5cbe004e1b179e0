package io.github.ptq4vm.compiler.checkpoint;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Key layouts of the published Visual Mamba checkpoints, supported by this version or not. */
final class KeyLayouts {
  private static final List<String> VIM_STEM =
      List.of(
          "cls_token",
          "pos_embed",
          "patch_embed.proj.weight",
          "patch_embed.proj.bias",
          "layers.#.norm.weight",
          "layers.#.mixer.in_proj.weight",
          "layers.#.mixer.out_proj.weight",
          "norm_f.weight",
          "head.weight",
          "head.bias");

  private static final List<String> BRANCHES =
      List.of(
          "conv1d%s.weight",
          "conv1d%s.bias", "x_proj%s.weight", "dt_proj%s.weight", "dt_proj%s.bias", "D%s");

  private static final List<String> ATTENTION =
      List.of(
          "norm.weight",
          "norm.bias",
          "global_reduce.weight",
          "global_reduce.bias",
          "channel_select.weight",
          "channel_select.bias");

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

  private static final List<String> CLASSIFIER =
      List.of(
          "classifier.norm.weight",
          "classifier.norm.bias",
          "classifier.head.weight",
          "classifier.head.bias");

  private static final List<String> PATCHES = List.of("patch_embed.#.weight", "patch_embed.#.bias");
  private static final List<String> BLOCK_NORM =
      List.of("layers.#.blocks.#.norm.weight", "layers.#.blocks.#.norm.bias");
  private static final List<String> MERGING =
      List.of(
          "layers.#.downsample.norm.weight",
          "layers.#.downsample.norm.bias",
          "layers.#.downsample.reduction.weight");

  /** Vim, bidirectional "v2" with a class token. */
  static final KeyLayout VIM =
      layout(
          "vim",
          "Vim",
          VIM_STEM,
          vimBranch(""),
          vimBranch("_b"),
          List.of("layers.#.mixer.A_log", "layers.#.mixer.A_b_log"));

  private static final List<KeyLayout> ALL =
      List.of(
          VIM,
          vmamba(),
          vmamba0(),
          vmamba0Old(),
          localVim("LocalVim", Set.of("cls_token"), List.of("rope.freqs_cos", "rope.freqs_sin")),
          localVim("LocalVim with a class token", Set.of(), List.of()),
          localVmamba());

  private KeyLayouts() {}

  /** The layout most similar to a state dict's keys. */
  static KeyLayout closest(Collection<String> keys) {
    Set<String> patterns = KeyLayout.patternsOf(keys);
    // The first of equals wins, so that the answer does not depend on chance.
    return ALL.stream()
        .max(
            Comparator.<KeyLayout>comparingDouble(layout -> layout.similarity(patterns))
                .thenComparing(layout -> -ALL.indexOf(layout)))
        .orElseThrow();
  }

  /** Whether a name is that of a family with a known layout. */
  static boolean knows(String family) {
    return ALL.stream().anyMatch(layout -> layout.family().equals(family));
  }

  private static KeyLayout vmamba() {
    return layout(
        "vmamba",
        "VMamba",
        PATCHES,
        BLOCK_NORM,
        prefixed("layers.#.blocks.#.op.", SS2D),
        prefixed(
            "layers.#.blocks.#.",
            List.of(
                "norm2.weight",
                "norm2.bias",
                "mlp.fc1.weight",
                "mlp.fc1.bias",
                "mlp.fc2.weight",
                "mlp.fc2.bias")),
        List.of("layers.#.downsample.#.weight", "layers.#.downsample.#.bias"),
        CLASSIFIER);
  }

  private static KeyLayout vmamba0() {
    return layout(
        "vmamba",
        "VMamba of the first generation",
        PATCHES,
        BLOCK_NORM,
        prefixed("layers.#.blocks.#.op.", SS2D),
        List.of("layers.#.blocks.#.op.conv2d.bias"),
        MERGING,
        CLASSIFIER);
  }

  private static KeyLayout vmamba0Old() {
    return layout(
        "vmamba",
        "VMamba of the first generation with its old key names",
        prefixed("patch_embed.", List.of("proj.weight", "proj.bias", "norm.weight", "norm.bias")),
        prefixed("layers.#.blocks.#.", List.of("ln_1.weight", "ln_1.bias")),
        prefixed("layers.#.blocks.#.self_attention.", SS2D),
        List.of("layers.#.blocks.#.self_attention.conv2d.bias"),
        MERGING,
        List.of("norm.weight", "norm.bias", "head.weight", "head.bias"));
  }

  private static KeyLayout localVim(String title, Set<String> without, List<String> extra) {
    List<String> stem = VIM_STEM.stream().filter(key -> !without.contains(key)).toList();
    return layout(
        "localvim",
        title,
        stem,
        extra,
        vimBranch("_#"),
        List.of("layers.#.mixer.A_log_#"),
        prefixed("layers.#.mixer.attn.", ATTENTION));
  }

  private static KeyLayout localVmamba() {
    return layout(
        "localvmamba",
        "LocalVMamba",
        PATCHES,
        BLOCK_NORM,
        prefixed("layers.#.blocks.#.op.", SS2D),
        List.of("layers.#.blocks.#.op.conv2d.bias"),
        prefixed("layers.#.blocks.#.op.multi_scan.attn.", ATTENTION),
        MERGING,
        CLASSIFIER);
  }

  private static List<String> vimBranch(String suffix) {
    return BRANCHES.stream().map(key -> "layers.#.mixer." + key.formatted(suffix)).toList();
  }

  private static List<String> prefixed(String prefix, List<String> keys) {
    return keys.stream().map(prefix::concat).toList();
  }

  @SafeVarargs
  private static KeyLayout layout(String family, String title, List<String>... parts) {
    Set<String> patterns = new LinkedHashSet<>();
    for (List<String> part : parts) {
      patterns.addAll(part);
    }
    return new KeyLayout(family, title, patterns);
  }
}
