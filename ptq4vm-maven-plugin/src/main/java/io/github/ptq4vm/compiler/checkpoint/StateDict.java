package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Dict;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.View;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Finds the state dict in whatever dict a training script wrapped around it. */
final class StateDict {
  /** The user's word for the weights a file is known for. */
  static final String DEFAULT = "model";

  private static final String PREFIX = "module.";
  private static final int MOST_NAMED = 20;

  private StateDict() {}

  /**
   * The tensors of the wanted state dict by key.
   *
   * @param root what the file's pickle holds
   * @param weights {@code model}: the entry {@code model}, else {@code state_dict}, else the root
   *     if that is a dict of tensors itself; anything else: the entry of that name
   * @throws CompileException listing what the file has, if the wanted one is not there or holds
   *     something other than tensors
   */
  static SortedMap<String, View> find(PickleValue root, String weights, Path file) {
    if (!(root instanceof Dict dict)) {
      throw new CompileException(
          "The checkpoint "
              + file
              + " holds "
              + root.describe()
              + " where a dict is expected; save the model's state_dict() with torch.save.");
    }
    return withoutPrefix(tensors(choose(dict, weights, file), file));
  }

  private static Dict choose(Dict root, String weights, Path file) {
    List<String> names =
        weights.equals(DEFAULT) ? List.of("model", "state_dict") : List.of(weights);
    for (String name : names) {
      PickleValue entry = root.entries().get(name);
      if (entry instanceof Dict found) {
        return found;
      }
      if (entry != null && !(entry instanceof View)) {
        throw failure(root, file, "its entry \"" + name + "\" is " + entry.describe());
      }
    }
    if (weights.equals(DEFAULT) && isStateDict(root)) {
      return root;
    }
    throw failure(root, file, "it has no weights \"" + weights + "\"");
  }

  private static CompileException failure(Dict root, Path file, String why) {
    List<String> dicts = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (Map.Entry<String, PickleValue> entry : root.entries().entrySet()) {
      boolean usable = entry.getValue() instanceof Dict dict && isStateDict(dict);
      List<String> list = usable ? dicts : others;
      if (list.size() < MOST_NAMED) {
        list.add('"' + entry.getKey() + '"');
      }
    }
    if (isStateDict(root)) {
      dicts.add("the tensors at its top level (weights \"" + DEFAULT + "\")");
    }
    return new CompileException(
        "The checkpoint "
            + file
            + " cannot be used as asked: "
            + why
            + ". Weights it has: "
            + named(dicts)
            + "; other entries: "
            + named(others)
            + ". Set weights to one that it has.");
  }

  private static String named(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  private static boolean isStateDict(Dict dict) {
    return !dict.entries().isEmpty()
        && dict.entries().values().stream().allMatch(View.class::isInstance);
  }

  private static SortedMap<String, View> tensors(Dict dict, Path file) {
    @Nullable PickleValue other = dict.otherKey();
    if (other != null) {
      throw new CompileException(
          "The state dict in the checkpoint "
              + file
              + " has the key "
              + other.describe()
              + "; keys must be strings. Check that weights names the model's state dict.");
    }
    SortedMap<String, View> tensors = new TreeMap<>();
    for (Map.Entry<String, PickleValue> entry : dict.entries().entrySet()) {
      if (!(entry.getValue() instanceof View view)) {
        throw new CompileException(
            "The entry \""
                + entry.getKey()
                + "\" of the state dict in the checkpoint "
                + file
                + " is "
                + entry.getValue().describe()
                + " where a tensor is expected; save the model's state_dict() with torch.save.");
      }
      tensors.put(entry.getKey(), view);
    }
    if (tensors.isEmpty()) {
      throw new CompileException(
          "The state dict in the checkpoint " + file + " is empty; weights are expected in it.");
    }
    return tensors;
  }

  /**
   * Wrapping a model for parallel training puts the prefix, once a wrapper, in front of all keys.
   */
  static <T> SortedMap<String, T> withoutPrefix(SortedMap<String, T> tensors) {
    SortedMap<String, T> plain = tensors;
    while (!plain.isEmpty() && plain.keySet().stream().allMatch(key -> key.startsWith(PREFIX))) {
      SortedMap<String, T> shorter = new TreeMap<>();
      plain.forEach((key, value) -> shorter.put(key.substring(PREFIX.length()), value));
      plain = shorter;
    }
    return plain;
  }
}
