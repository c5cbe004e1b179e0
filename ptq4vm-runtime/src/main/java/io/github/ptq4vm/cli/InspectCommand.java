package io.github.ptq4vm.cli;

import io.github.ptq4vm.artifact.Artifact;
import io.github.ptq4vm.artifact.Manifest;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.artifact.ModelLocator;
import io.github.ptq4vm.network.Network;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Checks a model and prints what it says about itself. */
@Command(
    name = "inspect",
    description = "Checks every digest of a model and prints what it says about itself.",
    mixinStandardHelpOptions = true)
final class InspectCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, description = "Jar of the model.")
  private Path model;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  InspectCommand() {}

  @Override
  public void run() {
    Artifact artifact = ModelLocator.read(model);
    Manifest manifest = artifact.manifest();
    ModelDescription description = manifest.description();
    Network network = manifest.network();
    print("model", manifest.id());
    print("license", description.license());
    print("format", manifest.formatVersion() + ", runtime " + manifest.minRuntimeVersion() + "+");
    print(
        "digests",
        "verified: model.json and the " + manifest.files().size() + " files that it lists");
    print(
        "network",
        network.architecture()
            + ", input "
            + network.height()
            + "x"
            + network.width()
            + ", "
            + network.operations().size()
            + " operations, "
            + network.classes()
            + " classes");
    print(
        "quantization",
        description.quantization().scheme()
            + " W"
            + description.quantization().weightBits()
            + "A"
            + description.quantization().activationBits()
            + ", float: "
            + description.quantization().floatLinears());
    print("preprocessing", artifact.content().preprocessing());
    print("checkpoint", description.source().checkpoint() + " " + description.source().sha256());
    print(
        "calibration",
        description.calibration().count()
            + " images, "
            + description.calibration().selection()
            + ", seed "
            + description.calibration().seed()
            + ", "
            + description.calibration().sha256());
    print("recipe", description.recipe());
    print("metrics", description.metrics());
    print("toolchain", description.toolchain());
    manifest.files().forEach((name, file) -> print(name, file.size() + " bytes, " + file.sha256()));
    spec.commandLine().getOut().flush();
  }

  private void print(String name, Map<String, ?> values) {
    values.forEach((key, value) -> print(name + "." + key, value));
  }

  private void print(String name, Object value) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf("%-24s %s%n", name, value);
  }
}
