package io.github.ptq4vm.compiler;

import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.FileDigest;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.artifact.ModelId;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.network.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes a packed model as a jar with everything that describes it. */
final class ArtifactAssembly {
  private final CompileRequest request;
  private final String checkpointSha256;
  private final ModelDescription.Calibration calibration;
  private final List<String> labels;

  /** Takes what all variants share. */
  ArtifactAssembly(
      CompileRequest request,
      String checkpointSha256,
      ModelDescription.Calibration calibration,
      List<String> labels) {
    this.request = request;
    this.checkpointSha256 = checkpointSha256;
    this.calibration = calibration;
    this.labels = labels;
  }

  /** The jar of a variant. */
  Path jar(Variant variant) {
    return request.outputDirectory().resolve(variant.name() + ".jar");
  }

  /**
   * Writes a variant.
   *
   * @param plan what was chosen for it beyond the request's recipe
   */
  FileDigest write(
      Variant variant,
      Model packed,
      SortedMap<String, String> plan,
      SortedMap<String, Double> metrics,
      SortedMap<String, String> toolchain)
      throws IOException {
    CompileRequest.Identity identity = request.identity();
    ModelDescription description =
        new ModelDescription(
            new ModelId(
                identity.groupId(), identity.artifactId(), identity.version(), variant.name()),
            ModelDescription.Quantization.of(
                "ptq4vm", variant.weightBits(), variant.activationBits(), packed.network()),
            new ModelDescription.Source(
                request.checkpoint().getFileName().toString(), checkpointSha256),
            calibration,
            recipe(plan),
            metrics,
            identity.license(),
            toolchain);
    return ArtifactWriter.write(
        new ArtifactContent(
            description,
            packed,
            request.preprocessing(),
            labels,
            identity.licenseText(),
            ModelCard.markdown(description, packed.network(), identity.metadata())),
        Instant.ofEpochSecond(request.outputTimestamp()),
        jar(variant));
  }

  private SortedMap<String, String> recipe(SortedMap<String, String> plan) {
    Recipe recipe = request.recipe();
    SortedMap<String, String> map = new TreeMap<>(plan);
    map.put("method", recipe.method().name().toLowerCase(Locale.ROOT));
    map.put("weights", request.weights());
    ImportOptions options = request.options();
    if (options.stride() != null) {
      map.put("stride", options.stride().toString());
    }
    if (options.scanDirections() != null) {
      map.put("scanDirections", options.scanDirections().strip().replaceAll("\\s+", " "));
    }
    if (options.interpolatePositions()) {
      map.put("interpolatePositions", "true");
    }
    map.put("alpha", number(recipe.alpha()));
    map.put("steps", Integer.toString(recipe.steps()));
    map.put("batch", Integer.toString(recipe.batch()));
    map.put("rate", number(recipe.rate()));
    map.put("seed", Long.toString(recipe.seed()));
    if (!recipe.leftOut().isEmpty()) {
      map.put(
          "leftOut",
          recipe.leftOut().stream()
              .map(ingredient -> ingredient.name().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", ")));
    }
    return map;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%s", value);
  }
}
