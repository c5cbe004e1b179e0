package io.github.ptq4vm.compiler;

import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What came out.
 *
 * @param architecture what the network is called
 * @param calibrationImages number of images that calibrated
 * @param fp32Top1 share of validation images the float model gets right, or null without any
 * @param variants in the order asked for
 * @param seconds time a pass took, by name
 */
public record CompileResult(
    String architecture,
    int calibrationImages,
    @Nullable Double fp32Top1,
    List<VariantResult> variants,
    SortedMap<String, Double> seconds) {

  /**
   * A variant.
   *
   * @param jar the artifact
   * @param sha256 digest of the jar, lower-case hex
   * @param top1 share of validation images the packed model gets right on the CPU, or null
   * @param metrics more measurements by name: {@code agreement}, {@code kl}, {@code sqnr_db}
   */
  public record VariantResult(
      String name,
      Path jar,
      long bytes,
      String sha256,
      @Nullable Double top1,
      SortedMap<String, Double> metrics) {}
}
