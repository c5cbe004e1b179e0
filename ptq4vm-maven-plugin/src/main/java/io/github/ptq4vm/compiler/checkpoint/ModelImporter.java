package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Turns a checkpoint into a network with weights. Binding is strict: a key too many or too few, or
 * a shape that does not fit, is an error, because a tensor silently left at random values is the
 * most common way to publish a broken model.
 */
public final class ModelImporter {

  private ModelImporter() {}

  /**
   * Imports a model.
   *
   * @param file the state dict; not closed here
   * @param options what the tensors cannot say
   * @throws CompileException if the family is not known, keys are missing or unexpected, shapes
   *     contradict each other or the options, or a weight is not finite
   */
  public static ImportedModel load(Checkpoint file, ImportOptions options) {
    Checkpoint checkpoint = OldKeyNames.presentDay(file);
    Imported imported = plan(checkpoint, options);
    Family.Plan plan = imported.plan();
    return new ImportedModel(
        new Model(plan.network(), read(checkpoint, plan)),
        imported.family(),
        plan.variant(),
        plan.stride(),
        plan.notes(),
        checkpoint.sha256());
  }

  /**
   * Says what model a checkpoint holds, from the names and shapes of its tensors alone.
   *
   * @param file the state dict; not closed here, and no weight is read
   * @param options what the tensors cannot say
   * @throws CompileException if the model could not be imported for one of these reasons
   */
  public static RecognisedModel recognise(Checkpoint file, ImportOptions options) {
    Imported imported = plan(OldKeyNames.presentDay(file), options);
    Family.Plan plan = imported.plan();
    return new RecognisedModel(
        plan.network(), imported.family(), plan.variant(), plan.stride(), plan.notes());
  }

  private record Imported(String family, Family.Plan plan) {}

  private static Imported plan(Checkpoint checkpoint, ImportOptions options) {
    Families.Match match = Families.match(checkpoint, options.architecture());
    requireKeys(checkpoint, match.layout());
    try {
      Family.Plan plan =
          match
              .family()
              .plan(new Shapes(checkpoint, match.layout().title()), match.layout(), options);
      requireShapes(checkpoint, plan);
      return new Imported(match.family().name(), plan);
    } catch (InvalidNetworkException | ArithmeticException e) {
      throw new CompileException(
          "The checkpoint "
              + checkpoint.file()
              + " does not make a network at imageSize "
              + options.imageSize()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static void requireKeys(Checkpoint checkpoint, KeyLayout layout) {
    Set<String> present = checkpoint.tensors().keySet();
    SortedSet<String> missing = layout.keys(present);
    SortedSet<String> unexpected = new TreeSet<>(present);
    unexpected.removeAll(missing);
    unexpected.removeAll(layout.optional());
    missing.removeAll(present);
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      throw new CompileException(mismatch(checkpoint, layout, missing, unexpected));
    }
  }

  /** What is wrong with the keys. Keys too many, keys too few and both have different cures. */
  private static String mismatch(
      Checkpoint checkpoint,
      KeyLayout layout,
      SortedSet<String> missing,
      SortedSet<String> unexpected) {
    Set<String> present = checkpoint.tensors().keySet();
    KeyLayout closest = Families.closest(present);
    boolean rightFamily = closest.family().equals(layout.family());
    String file = "The checkpoint " + checkpoint.file();
    if (rightFamily && missing.isEmpty()) {
      return file
          + " has every tensor of the architecture "
          + layout.family()
          + " and others besides, which it does not know. Unexpected: "
          + Names.counted(unexpected, "key")
          + ". If training added them (a wrapper, an averaged copy (EMA), a second head), save the"
          + " state_dict() of the model alone, or delete these keys; if they belong to the network,"
          + " it is an architecture of its own: please report it with these names.";
    }
    if (rightFamily && unexpected.isEmpty()) {
      return file
          + " is not complete for the architecture "
          + layout.family()
          + ": it has "
          + layout.describedBlocks(present)
          + ", but not all that goes with them. Missing: "
          + Names.counted(missing, "key")
          + ". If the weights were saved in several files, merge them into one; or else get the file"
          + " again. How deep the network is, the file alone says: more layers may be missing.";
    }
    return file
        + " does not fit the architecture "
        + layout.family()
        + ". Missing: "
        + Names.counted(missing, "key")
        + ". Unexpected: "
        + Names.counted(unexpected, "key")
        + ". The closest family is "
        + closest.title()
        + (rightFamily
            ? ". Check that the file is the one meant, and that training neither renamed nor left"
                + " out tensors."
            : ". Set architecture to "
                + closest.family()
                + " if that is what the file holds, or leave it out; or else check that the"
                + " file is the one meant.");
  }

  private static void requireShapes(Checkpoint checkpoint, Family.Plan plan) {
    SortedSet<String> wrong = new TreeSet<>();
    for (Source source : plan.sources().values()) {
      List<Integer> shape = checkpoint.tensors().get(source.key()).shape();
      if (!source.accepts(shape)) {
        wrong.add(source.key() + " has " + shape + " instead of " + source.shape());
      }
    }
    if (!wrong.isEmpty()) {
      throw new CompileException(
          "The shapes in the checkpoint "
              + checkpoint.file()
              + " contradict each other for a "
              + plan.variant()
              + ": "
              + Names.counted(wrong, "tensor")
              + ". Check that the file is the one meant; another variant of the family may use the"
              + " same keys.");
    }
  }

  /** Reads each tensor once, whatever parameters are taken from it. */
  private static SortedMap<String, Tensor> read(Checkpoint checkpoint, Family.Plan plan) {
    SortedMap<String, SortedMap<String, Source>> byKey = new TreeMap<>();
    plan.sources()
        .forEach(
            (name, source) ->
                byKey.computeIfAbsent(source.key(), key -> new TreeMap<>()).put(name, source));
    SortedMap<String, Tensor> parameters = new TreeMap<>(plan.computed());
    byKey.forEach(
        (key, sources) -> {
          float[] data = checkpoint.read(key).data();
          requireFinite(checkpoint, key, data);
          sources.forEach(
              (name, source) -> {
                Parameter parameter = plan.network().parameters().get(name);
                parameters.put(
                    name, new Tensor.Floats(parameter.shape(), source.take().apply(data)));
              });
        });
    return parameters;
  }

  private static void requireFinite(Checkpoint checkpoint, String key, float[] data) {
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
  }
}
