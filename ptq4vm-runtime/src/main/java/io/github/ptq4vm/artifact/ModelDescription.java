package io.github.ptq4vm.artifact;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model is and where it comes from: everything in the manifest that is not needed to run it.
 *
 * @param id what it is called
 * @param quantization how it is quantized, in short; the operations say it exactly
 * @param source what it was made from
 * @param calibration what calibrated it
 * @param recipe parameters of the compiler by name
 * @param metrics measurements by name, finite: {@code fp32_top1}, {@code top1}, {@code agreement}
 * @param license SPDX name of the model's licence
 * @param toolchain what the bytes depend on besides, by name: versions of the compiler and its
 *     engine, CPU type, threads, provider of the kernels
 */
public record ModelDescription(
    ModelId id,
    Quantization quantization,
    Source source,
    Calibration calibration,
    SortedMap<String, String> recipe,
    SortedMap<String, Double> metrics,
    String license,
    SortedMap<String, String> toolchain) {

  /** Takes copies and checks that the metrics are finite. */
  public ModelDescription {
    recipe = Collections.unmodifiableSortedMap(new TreeMap<>(recipe));
    metrics = Collections.unmodifiableSortedMap(new TreeMap<>(metrics));
    toolchain = Collections.unmodifiableSortedMap(new TreeMap<>(toolchain));
    metrics.forEach(
        (name, value) -> {
          if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(
                "The metric \"" + name + "\" is " + value + " but should be finite.");
          }
        });
  }

  /**
   * How a model is quantized.
   *
   * @param scheme name of the method
   * @param weightBits bits of a weight code of most linears; 32 for none quantized
   * @param activationBits bits of an input code of most linears; 32 for none quantized
   * @param packing {@code u4-lo-hi} if some weights take four bits, the even channel in the low
   *     half of its byte, else {@code i8}, or {@code f32} for none quantized
   * @param floatLinears names of the linears that stay in single precision, in order of execution
   */
  public record Quantization(
      String scheme,
      int weightBits,
      int activationBits,
      String packing,
      List<String> floatLinears) {

    /** Takes an immutable copy of the names. */
    public Quantization {
      floatLinears = List.copyOf(floatLinears);
    }

    /** Derives what a network says itself. */
    public static Quantization of(
        String scheme, int weightBits, int activationBits, Network network) {
      String packing = "f32";
      List<Operation.Linear> linears =
          network.operations().stream()
              .filter(Operation.Linear.class::isInstance)
              .map(Operation.Linear.class::cast)
              .toList();
      for (Operation.Linear linear : linears) {
        if (linear.precision() != null && !packing.equals("u4-lo-hi")) {
          packing = linear.precision().packsTwoWeights() ? "u4-lo-hi" : "i8";
        }
      }
      return new Quantization(
          scheme,
          weightBits,
          activationBits,
          packing,
          linears.stream()
              .filter(linear -> linear.precision() == null)
              .map(Operation.Linear::output)
              .toList());
    }
  }

  /**
   * What a model was made from.
   *
   * @param checkpoint name of the checkpoint's file, without its directory
   * @param sha256 SHA-256 of the checkpoint, lower-case hex
   */
  public record Source(String checkpoint, String sha256) {
    /** Checks the form of the digest. */
    public Source {
      requireSha256("checkpoint", sha256);
    }
  }

  /**
   * What calibrated a model.
   *
   * @param count number of images
   * @param sha256 SHA-256 over the images' digests in order, lower-case hex; images stay outside
   * @param selection how they were chosen
   * @param seed seed of the choice
   */
  public record Calibration(int count, String sha256, String selection, long seed) {
    /** Checks the form of the digest. */
    public Calibration {
      requireSha256("calibration", sha256);
    }
  }

  private static void requireSha256(String what, String sha256) {
    if (!FileDigest.isSha256(sha256)) {
      throw new IllegalArgumentException(
          "The "
              + what
              + " digest \""
              + sha256
              + "\" should be a SHA-256 of 64 lower-case hex digits.");
    }
  }
}
