package io.github.ptq4vm.compiler;

import io.github.ptq4vm.artifact.Artifact;
import io.github.ptq4vm.artifact.Manifest;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;

/** Says what a model's jar holds. */
final class ArtifactInspection {
  private ArtifactInspection() {}

  /** Adds what a model says about itself; it has been read, so its digests are right. */
  static void add(Artifact artifact, Inspection.Builder facts) {
    Manifest manifest = artifact.manifest();
    ModelDescription model = manifest.description();
    Network network = manifest.network();
    facts.add("model", manifest.id());
    facts.add("license", model.license());
    facts.add(
        "format", manifest.formatVersion() + ", for runtime " + manifest.minRuntimeVersion() + "+");
    facts.add(
        "digests",
        "verified: model.json and the "
            + manifest.files().size()
            + " files it lists are as written");
    facts.add("architecture", network.architecture());
    facts.add("input", network.height() + " x " + network.width() + " pixels");
    facts.add(
        "classes",
        network.classes()
            + (artifact.content().labels().isEmpty() ? ", without labels" : ", labelled"));
    facts.add("blocks", network.sections().stream().filter(section -> section.block()).count());
    facts.add(
        "precision",
        model.quantization().scheme()
            + " W"
            + model.quantization().weightBits()
            + "A"
            + model.quantization().activationBits()
            + ", weights packed as "
            + model.quantization().packing());
    LinearInspection.add(network, facts);
    facts.add(
        "float linears",
        network.operations().stream()
            .filter(Operation.Linear.class::isInstance)
            .map(Operation.Linear.class::cast)
            .filter(linear -> linear.precision() == null)
            .map(Operation.Linear::output)
            .toList());
    facts.add("preprocessing", artifact.content().preprocessing());
    addProvenance(model, facts);
    manifest
        .files()
        .forEach(
            (name, file) ->
                facts.add("file." + name, file.size() + " bytes, sha256 " + file.sha256()));
  }

  private static void addProvenance(ModelDescription model, Inspection.Builder facts) {
    facts.add("checkpoint", model.source().checkpoint() + ", sha256 " + model.source().sha256());
    ModelDescription.Calibration calibration = model.calibration();
    facts.add(
        "calibration",
        "%d images, %s, seed %d, sha256 %s"
            .formatted(
                calibration.count(),
                calibration.selection(),
                calibration.seed(),
                calibration.sha256()));
    model.recipe().forEach((name, value) -> facts.add("recipe." + name, value));
    model.metrics().forEach((name, value) -> facts.add("metric." + name, value));
    model.toolchain().forEach((name, value) -> facts.add("toolchain." + name, value));
  }
}
