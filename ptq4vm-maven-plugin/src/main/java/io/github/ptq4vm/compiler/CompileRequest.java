package io.github.ptq4vm.compiler;

import io.github.ptq4vm.image.Preprocessing;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything a compilation depends on. Immutable, and plain data: it travels to the worker as JSON.
 *
 * @param checkpoint {@code .pth}, {@code .ckpt} or {@code .safetensors} file
 * @param weights which state dict of a checkpoint that holds several: {@code model} or {@code
 *     model_ema}
 * @param options what its tensors cannot say
 * @param preprocessing what happens to an image file before the network; travels in the artifact
 * @param calibration which images calibrate
 * @param validationDirectory labelled images to measure on, or null
 * @param synset file with one class label a line, or null for none
 * @param variants what to build, in order
 * @param recipe how to quantize
 * @param identity what the artifact is called
 * @param threads worker threads
 * @param outputDirectory where {@code <variant>.jar} files go
 * @param outputTimestamp epoch seconds written as every entry's time
 */
public record CompileRequest(
    Path checkpoint,
    String weights,
    ImportOptions options,
    Preprocessing preprocessing,
    Calibration calibration,
    @Nullable Path validationDirectory,
    @Nullable Path synset,
    List<Variant> variants,
    Recipe recipe,
    Identity identity,
    int threads,
    Path outputDirectory,
    long outputTimestamp) {

  /** Takes an immutable copy of the variants. */
  public CompileRequest {
    variants = List.copyOf(variants);
  }

  /**
   * Which images calibrate.
   *
   * @param directory one folder a class, JPEG and PNG files in them
   * @param images how many at most
   * @param selection in which order they are taken
   */
  public record Calibration(Path directory, int images, Selection selection) {}

  /** The order in which calibration images are taken. */
  public enum Selection {
    /** Round robin over the class folders, each in an order drawn from the seed. */
    STRATIFIED,
    /** By file name, then by folder. */
    NAME
  }

  /**
   * A precision to build.
   *
   * @param name also the jar's classifier, e.g. {@code w8a8}
   */
  public record Variant(String name, int weightBits, int activationBits) {}

  /**
   * What the artifact is called and says about itself.
   *
   * @param license SPDX name of the model's licence
   * @param licenseText the licence's text
   * @param tool version of the compiler
   * @param metadata more lines for the model card
   */
  public record Identity(
      String groupId,
      String artifactId,
      String version,
      String license,
      String licenseText,
      String tool,
      Map<String, String> metadata) {}
}
