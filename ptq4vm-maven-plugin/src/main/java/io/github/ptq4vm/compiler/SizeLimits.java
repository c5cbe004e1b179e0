package io.github.ptq4vm.compiler;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.ValueShape;

/** Refuses, before any work, numbers of images whose values no array could hold. */
final class SizeLimits {
  /** Floats of the largest array that PyTorch can read in place. */
  private static final long FLOATS = Integer.MAX_VALUE / Float.BYTES;

  private SizeLimits() {}

  /**
   * Checks what calibration and learning will allocate: every value for the images of a step, and
   * for all images the streams between sections and the inputs of the linears to quantize.
   *
   * @throws CompileException naming the largest value, the parameter to lower and what it may be
   */
  static void check(Network network, int images, int batch) {
    String every = Network.IMAGE;
    for (Operation operation : network.operations()) {
      every = larger(network, every, operation.output());
    }
    String kept = network.sections().get(0).output();
    for (Section section : network.sections()) {
      kept = larger(network, kept, section.output());
    }
    for (Operation.Linear linear : network.quantizableLinears()) {
      kept = larger(network, kept, linear.input());
    }
    require(network, kept, "calibrationImages", images);
    if (batch < images) {
      require(network, every, "batch", batch);
    } else {
      require(network, every, "calibrationImages", images);
    }
  }

  private static String larger(Network network, String value, String other) {
    return network.shape(other).size() > network.shape(value).size() ? other : value;
  }

  private static void require(Network network, String value, String parameter, int images) {
    ValueShape shape = network.shape(value);
    long floats = (long) images * shape.size();
    if (floats > FLOATS) {
      long most = FLOATS / shape.size();
      throw new CompileException(
          ("<%s> is %d, for which \"%s\" needs an array of %d images x %d tokens x %d channels ="
                  + " %d floats, more than the %d that fit. %s")
              .formatted(
                  parameter,
                  images,
                  value,
                  images,
                  shape.tokens(),
                  shape.channels(),
                  floats,
                  FLOATS,
                  most == 0
                      ? "Set a smaller imageSize."
                      : "Set <%s> to at most %d, or a smaller imageSize."
                          .formatted(parameter, most)));
    }
  }
}
