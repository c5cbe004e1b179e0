package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileRequest.Calibration;
import io.github.ptq4vm.compiler.CompileRequest.Identity;
import io.github.ptq4vm.compiler.CompileRequest.Selection;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.image.Preprocessing;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests to the compiler for images that have the network's size already. */
final class Requests {
  private static final String GROUP = "io.github.ptq4vm.benchmarks";
  private static final long TIMESTAMP = Instant.parse("2000-01-01T00:00:00Z").getEpochSecond();

  private Requests() {}

  /**
   * A request.
   *
   * @param name what the artifact is called
   * @param images calibration images, the first by file name, as the released recipe took them
   * @param validation labelled images, or null to measure nothing
   */
  static CompileRequest of(
      String name,
      Path checkpoint,
      ImportOptions options,
      Path calibration,
      int images,
      @Nullable Path validation,
      List<Variant> variants,
      Recipe recipe,
      int threads,
      Path output) {
    return new CompileRequest(
        checkpoint,
        "model",
        options,
        new Preprocessing(
            0,
            0,
            Preprocessing.Interpolation.BICUBIC,
            Preprocessing.IMAGENET_MEAN,
            Preprocessing.IMAGENET_STD),
        new Calibration(calibration, images, Selection.NAME),
        validation,
        null,
        variants,
        recipe,
        new Identity(GROUP, name, "1", "unknown", "Made to be measured.\n", "benchmark", Map.of()),
        threads,
        output,
        TIMESTAMP);
  }
}
