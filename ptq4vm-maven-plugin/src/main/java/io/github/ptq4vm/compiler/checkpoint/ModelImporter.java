package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Turns a checkpoint into a network with weights. Binding is strict: a key too many or too few, or
 * a shape that does not fit, is an error, because a tensor silently left at random values is the
 * most common way to publish a broken model.
 */
public final class ModelImporter {
  /** The architecture that stands for recognising the family by the keys. */
  public static final String AUTO = "auto";

  private static final double RECOGNISED = 0.5;
  private static final int MOST_NAMED = 10;
  private static final List<Family> FAMILIES = List.of(new VimFamily());

  private ModelImporter() {}

  /**
   * Imports a model.
   *
   * @param checkpoint the state dict; not closed here
   * @param architecture {@code auto}, or a family's name: {@code vim}
   * @param imageSize side of the square input in pixels, which tensors cannot say; published models
   *     have 224
   * @param stride distance of patches in pixels, or null for what the token count implies at that
   *     size
   * @throws CompileException if the family is not known or not supported, keys are missing or
   *     unexpected, shapes contradict each other or the image size, or a weight is not finite
   */
  public static ImportedModel load(
      Checkpoint checkpoint, String architecture, int imageSize, @Nullable Integer stride) {
    Family family = family(checkpoint, architecture.toLowerCase(Locale.ROOT));
    requireKeys(checkpoint, family);
    try {
      Family.Sized sized = family.size(checkpoint, imageSize, stride);
      requireShapes(checkpoint, family, sized);
      SortedMap<String, Tensor> parameters = new TreeMap<>();
      for (Parameter parameter : sized.network().parameters().values()) {
        String key = family.key(parameter);
        parameters.put(parameter.name(), finite(checkpoint, key, checkpoint.read(key)));
      }
      return new ImportedModel(
          new Model(sized.network(), parameters),
          family.layout().family(),
          sized.variant(),
          sized.stride(),
          checkpoint.sha256());
    } catch (InvalidNetworkException | ArithmeticException e) {
      throw new CompileException(
          "The checkpoint "
              + checkpoint.file()
              + " does not make a network at imageSize "
              + imageSize
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static Family family(Checkpoint checkpoint, String architecture) {
    for (Family family : FAMILIES) {
      if (family.layout().family().equals(architecture)) {
        return family;
      }
    }
    if (!architecture.equals(AUTO)) {
      throw new CompileException(
          "The architecture \""
              + architecture
              + (KeyLayouts.knows(architecture)
                  ? "\" is not supported by this version"
                  : "\" is not known")
              + ". Set architecture to "
              + AUTO
              + " or one of: "
              + supported()
              + ".");
    }
    Set<String> keys = checkpoint.tensors().keySet();
    KeyLayout closest = KeyLayouts.closest(keys);
    if (closest.similarity(KeyLayout.patternsOf(keys)) < RECOGNISED) {
      throw new CompileException(
          "The checkpoint "
              + checkpoint.file()
              + " is of no family that is known: it has "
              + counted(keys, "key")
              + ". "
              + closest(closest)
              + " Supported: "
              + supported()
              + ".");
    }
    return FAMILIES.stream()
        .filter(family -> family.layout().family().equals(closest.family()))
        .findFirst()
        .orElseThrow(
            () ->
                new CompileException(
                    "The checkpoint "
                        + checkpoint.file()
                        + " is a "
                        + closest.title()
                        + " by its keys. That family is recognised but not supported by this"
                        + " version. Supported: "
                        + supported()
                        + "."));
  }

  private static void requireKeys(Checkpoint checkpoint, Family family) {
    Set<String> present = checkpoint.tensors().keySet();
    SortedSet<String> missing = new TreeSet<>(family.keys(present));
    SortedSet<String> unexpected = new TreeSet<>(present);
    unexpected.removeAll(missing);
    missing.removeAll(present);
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      throw new CompileException(
          "The checkpoint "
              + checkpoint.file()
              + " does not fit the architecture "
              + family.layout().family()
              + ". Missing: "
              + counted(missing, "key")
              + ". Unexpected: "
              + counted(unexpected, "key")
              + ". "
              + closest(KeyLayouts.closest(present))
              + " Check that the file is the one meant and that it is complete.");
    }
  }

  private static void requireShapes(Checkpoint checkpoint, Family family, Family.Sized sized) {
    List<String> wrong = new ArrayList<>();
    for (Parameter parameter : sized.network().parameters().values()) {
      String key = family.key(parameter);
      List<Integer> shape = checkpoint.tensors().get(key).shape();
      if (!shape.equals(parameter.shape())) {
        wrong.add(key + " has " + shape + " instead of " + parameter.shape());
      }
    }
    if (!wrong.isEmpty()) {
      throw new CompileException(
          "The shapes in the checkpoint "
              + checkpoint.file()
              + " contradict each other for a "
              + sized.variant()
              + ": "
              + counted(wrong, "tensor")
              + ". Check that the file is the one meant; another variant of the family may use the"
              + " same keys.");
    }
  }

  private static Tensor.Floats finite(Checkpoint checkpoint, String key, Tensor.Floats tensor) {
    float[] data = tensor.data();
    for (int i = 0; i < data.length; i++) {
      if (!Float.isFinite(data[i])) {
        throw new CompileException(
            "The tensor \""
                + key
                + "\" of the checkpoint "
                + checkpoint.file()
                + " holds "
                + data[i]
                + " at flat index "
                + i
                + " as float32; weights must be finite. Take a checkpoint from before training"
                + " diverged.");
      }
    }
    return tensor;
  }

  private static String closest(KeyLayout layout) {
    boolean supported =
        FAMILIES.stream().anyMatch(family -> family.layout().family().equals(layout.family()));
    return "The closest family is "
        + layout.title()
        + (supported ? "." : ", which this version recognises but does not support.");
  }

  private static String supported() {
    return FAMILIES.stream()
        .map(family -> family.layout().family())
        .collect(Collectors.joining(", "));
  }

  private static String counted(Collection<String> names, String unit) {
    if (names.isEmpty()) {
      return "none";
    }
    String listed = names.stream().limit(MOST_NAMED).collect(Collectors.joining(", "));
    int more = names.size() - MOST_NAMED;
    return names.size()
        + " "
        + unit
        + (names.size() == 1 ? "" : "s")
        + " ("
        + listed
        + (more > 0 ? " and " + more + " more" : "")
        + ")";
  }
}
