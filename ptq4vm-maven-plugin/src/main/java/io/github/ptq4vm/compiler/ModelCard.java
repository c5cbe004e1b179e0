package io.github.ptq4vm.compiler;

import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.network.Network;
import java.util.Locale;
import java.util.Map;

/** Writes what a model is and how it was made, for people. */
final class ModelCard {
  private ModelCard() {}

  static String markdown(
      ModelDescription description, Network network, Map<String, String> metadata) {
    StringBuilder card = new StringBuilder();
    card.append("# ").append(description.id()).append("\n\n");
    card.append(
        String.format(
            Locale.ROOT,
            "A %s of %d x %d pixels and %d classes, quantized to W%dA%d by PTQ4VM (arXiv"
                + " 2412.20386).\n\n",
            network.architecture(),
            network.height(),
            network.width(),
            network.classes(),
            description.quantization().weightBits(),
            description.quantization().activationBits()));
    card.append("| | |\n|---|---|\n");
    row(card, "Checkpoint", description.source().checkpoint());
    row(card, "Checkpoint SHA-256", description.source().sha256());
    row(card, "Calibration images", Integer.toString(description.calibration().count()));
    row(card, "Calibration digest", description.calibration().sha256());
    row(card, "Licence", description.license());
    description.recipe().forEach((name, value) -> row(card, "Recipe: " + name, value));
    description
        .metrics()
        .forEach(
            (name, value) ->
                row(card, "Measured: " + name, String.format(Locale.ROOT, "%.6g", value)));
    description.toolchain().forEach((name, value) -> row(card, "Made with: " + name, value));
    metadata.forEach((name, value) -> row(card, name, value));
    return card.toString();
  }

  private static void row(StringBuilder card, String name, String value) {
    card.append("| ").append(cell(name)).append(" | ").append(cell(value)).append(" |\n");
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replaceAll("\\s+", " ");
  }
}
