package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.CheckpointSummary;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.checkpoint.RecognisedModel;
import io.github.ptq4vm.network.Network;
import java.util.List;
import java.util.stream.Collectors;

/** Says what a checkpoint holds. */
final class CheckpointInspection {
  private CheckpointInspection() {}

  static void add(Checkpoint checkpoint, Inspector.Options options, Inspection.Builder facts) {
    CheckpointSummary summary = CheckpointSummary.of(checkpoint);
    facts.add("weights", options.weights());
    facts.add(
        "tensors",
        summary.tensors()
            + ", "
            + summary.elements()
            + " elements, "
            + summary.types().entrySet().stream()
                .map(type -> type.getValue() + " of " + type.getKey())
                .collect(Collectors.joining(", ")));
    addModel(checkpoint, options, facts);
    summary
        .shapes()
        .forEach((key, shapes) -> facts.add("tensor." + key, String.join("; ", shapes)));
  }

  private static void addModel(
      Checkpoint checkpoint, Inspector.Options options, Inspection.Builder facts) {
    RecognisedModel model;
    try {
      model = recognise(checkpoint, options);
    } catch (CompileException e) {
      facts.add("quantizable", "not as it is: " + e.getMessage());
      return;
    }
    Network network = model.network();
    facts.add("architecture", model.variant() + " (" + model.family() + ")");
    facts.add(
        "input",
        "%d x %d pixels%s%s"
            .formatted(
                network.height(),
                network.width(),
                model.stride() == null ? "" : ", patches every " + model.stride(),
                options.imageSize() == null ? " (assumed: <imageSize> is not set)" : ""));
    facts.add("classes", network.classes());
    facts.add("blocks", network.sections().stream().filter(section -> section.block()).count());
    LinearInspection.add(network, facts);
    model.notes().forEach(note -> facts.add("note", note));
  }

  /** The model at the size that is set, or at the first likely one that fits. */
  private static RecognisedModel recognise(Checkpoint checkpoint, Inspector.Options options) {
    if (options.imageSize() != null) {
      return recognise(checkpoint, options, options.imageSize());
    }
    List<ImageSize> sizes = CheckpointSummary.likelyImageSizes(checkpoint);
    for (ImageSize size : sizes.subList(0, sizes.size() - 1)) {
      try {
        return recognise(checkpoint, options, size);
      } catch (CompileException e) {
        // The next one may fit; if the last does not, its reason is what the user should read.
      }
    }
    return recognise(checkpoint, options, sizes.get(sizes.size() - 1));
  }

  private static RecognisedModel recognise(
      Checkpoint checkpoint, Inspector.Options options, ImageSize size) {
    return ModelImporter.recognise(
        checkpoint,
        new ImportOptions(
            options.architecture(), size, options.stride(), options.scanDirections(), false));
  }
}
