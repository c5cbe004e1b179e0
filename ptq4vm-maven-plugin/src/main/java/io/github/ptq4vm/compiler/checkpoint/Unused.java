package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImportOptions;

/** Refuses options that a family has no use for, so that nobody thinks they did something. */
final class Unused {
  private Unused() {}

  /** For families whose directions are part of the design. */
  static void scanDirections(ImportOptions options, Shapes shapes) {
    if (options.scanDirections() != null) {
      throw unused("scanDirections", shapes, "always scans in the same directions");
    }
  }

  /** For families that convolve any image. */
  static void patchOptions(ImportOptions options, Shapes shapes) {
    if (options.stride() != null) {
      throw unused("stride", shapes, "has patches of fixed distances");
    }
    if (options.interpolatePositions()) {
      throw unused("interpolatePositions", shapes, "has no table of positions");
    }
  }

  private static CompileException unused(String option, Shapes shapes, String why) {
    return new CompileException(
        "The parameter "
            + option
            + " does not apply to "
            + shapes.described(shapes.title())
            + ", which "
            + why
            + ". Remove the parameter.");
  }
}
