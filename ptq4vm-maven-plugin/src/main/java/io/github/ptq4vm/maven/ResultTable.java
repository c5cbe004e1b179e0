package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A result as a small table for the log. */
final class ResultTable {
  private ResultTable() {}

  /**
   * The table's lines.
   *
   * @param base folder that file names are shown relative to, where that is possible
   */
  static List<String> of(CompileResult result, Path base) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "Quantized %s, calibrated on %d images:"
            .formatted(result.architecture(), result.calibrationImages()));
    lines.add(row("variant", "top-1", "size", "jar"));
    lines.add(row("fp32", percent(result.fp32Top1()), "", "").stripTrailing());
    for (VariantResult variant : result.variants()) {
      lines.add(
          row(
              variant.name(),
              percent(variant.top1()),
              size(variant.bytes()),
              shown(variant.jar(), base)));
    }
    if (result.fp32Top1() == null) {
      lines.add("Set <validationDirectory> to labelled images to measure top-1.");
    }
    return lines;
  }

  /** A path below the base as such; on Windows there is none from one drive to another. */
  private static String shown(Path jar, Path base) {
    try {
      return base.relativize(jar).toString();
    } catch (IllegalArgumentException e) {
      return jar.toAbsolutePath().toString();
    }
  }

  private static String row(String variant, String top1, String size, String jar) {
    return String.format(Locale.ROOT, "  %-8s %9s %11s  %s", variant, top1, size, jar);
  }

  private static String percent(@Nullable Double share) {
    return share == null ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  static String size(long bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.2f MiB", bytes / 1048576.0);
  }
}
