package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A checkpoint whose tensors have the names that VMamba's first code gave them, seen by their
 * present-day names. Source: spec architectures.md 3.5.
 */
final class OldKeyNames implements Checkpoint {
  /** What no tensor is called today, in any family. */
  private static final Pattern OLD =
      Pattern.compile("layers\\.\\d+\\.blocks\\.\\d+\\.(ln_1|self_attention)\\..*");

  private final Checkpoint checkpoint;

  /** Old names by present-day names. */
  private final SortedMap<String, String> names = new TreeMap<>();

  private OldKeyNames(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    Set<String> keys = checkpoint.tensors().keySet();
    for (String key : keys) {
      String name = presentName(key);
      // Where both names are there, both stay: one of them is a key too many.
      names.put(keys.contains(name) ? key : name, key);
    }
  }

  /** The checkpoint itself, or where its keys are old ones, what it is called today. */
  static Checkpoint presentDay(Checkpoint checkpoint) {
    boolean old =
        checkpoint.tensors().keySet().stream().anyMatch(key -> OLD.matcher(key).matches());
    return old ? new OldKeyNames(checkpoint) : checkpoint;
  }

  private static String presentName(String key) {
    return key.replaceFirst("^patch_embed\\.proj\\.", "patch_embed.0.")
        .replaceFirst("^patch_embed\\.norm\\.", "patch_embed.2.")
        .replaceFirst("(blocks\\.\\d+)\\.ln_1\\.", "$1.norm.")
        .replaceFirst("(blocks\\.\\d+)\\.self_attention\\.", "$1.op.")
        .replaceFirst("^(norm|head)\\.", "classifier.$1.");
  }

  @Override
  public Path file() {
    return checkpoint.file();
  }

  @Override
  public String sha256() {
    return checkpoint.sha256();
  }

  @Override
  public SortedMap<String, TensorInfo> tensors() {
    SortedMap<String, TensorInfo> all = checkpoint.tensors();
    SortedMap<String, TensorInfo> tensors = new TreeMap<>();
    names.forEach(
        (name, key) -> {
          TensorInfo info = all.get(key);
          if (info != null) {
            tensors.put(name, info);
          }
        });
    return Collections.unmodifiableSortedMap(tensors);
  }

  @Override
  public Tensor.Floats read(String key) {
    return checkpoint.read(names.getOrDefault(key, key));
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
