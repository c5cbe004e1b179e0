package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.VerifyResult.Accuracy;
import io.github.ptq4vm.compiler.VerifyResult.Measured;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code verify-<variant>.json}. Accuracies and the agreement are shares from 0 to 1.
 *
 * @param variant precision, e.g. {@code w4a4}
 * @param model what the model is called
 * @param jar name of the jar's file
 * @param sha256 digest of the jar
 * @param checkpointSha256 digest of the checkpoint
 * @param images number of images
 * @param classes number of classes
 * @param fp32 accuracy of the checkpoint
 * @param packaged accuracy of the packaged model
 * @param agreement share of images both give the same class
 * @param accuracyDrop percentage points of top-1 that are lost
 * @param maxAccuracyDrop what may be lost, absent where any loss may be
 * @param minTop1 top-1 in percent that is demanded, absent where none is
 * @param passed whether the demands are met
 * @param failures a sentence for each that is not
 * @param provider device and kernels that ran the packaged model
 */
record VerifyReport(
    String variant,
    String model,
    String jar,
    String sha256,
    String checkpointSha256,
    int images,
    int classes,
    Accuracy fp32,
    Accuracy packaged,
    double agreement,
    double accuracyDrop,
    @Nullable Double maxAccuracyDrop,
    @Nullable Double minTop1,
    boolean passed,
    List<String> failures,
    String provider) {

  static VerifyReport of(String variant, Measured measured, AccuracyGate gate) {
    List<String> failures = gate.failures(variant, measured);
    return new VerifyReport(
        variant,
        measured.model(),
        measured.jar().getFileName().toString(),
        measured.sha256(),
        measured.checkpointSha256(),
        measured.images(),
        measured.classes(),
        measured.fp32(),
        measured.packaged(),
        measured.agreement(),
        measured.dropPoints(),
        gate.maxDrop(),
        gate.minTop1(),
        failures.isEmpty(),
        failures,
        measured.provider());
  }
}
