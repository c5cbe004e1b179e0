package io.github.ptq4vm.compiler;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;

/** Refuses, before any work, numbers of images whose values no array could hold. */
final class SizeLimits {
  /** Floats of the largest array that PyTorch can read in place. */
  private static final long FLOATS = Integer.MAX_VALUE / Float.BYTES;

  private SizeLimits() {}

  /**
   * Checks what calibration and learning will allocate.
   *
   * @throws CompileException naming the parameter to lower
   */
  static void check(Network network, int images, int batch) {
    for (Operation operation : network.operations()) {
      long size = network.shape(operation.output()).size();
      require(size * Math.min(batch, images), "batch", batch, operation.output());
    }
    for (Section section : network.sections()) {
      require(
          (long) network.shape(section.output()).size() * images,
          "calibrationImages",
          images,
          section.output());
    }
    for (Operation.Linear linear : network.quantizableLinears()) {
      require(
          (long) network.shape(linear.input()).size() * images,
          "calibrationImages",
          images,
          linear.output());
    }
  }

  private static void require(long floats, String parameter, int value, String where) {
    if (floats > FLOATS) {
      throw new CompileException(
          ("<%s> is %d, for which \"%s\" needs an array of %d floats, more than the %d that fit."
                  + " Lower it.")
              .formatted(parameter, value, where, floats, FLOATS));
    }
  }
}
