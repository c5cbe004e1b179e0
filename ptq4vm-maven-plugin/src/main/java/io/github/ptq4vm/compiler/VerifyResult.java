package io.github.ptq4vm.compiler;

import java.nio.file.Path;
import java.util.List;

/**
 * What a verification measured.
 *
 * @param models one for each jar, in the order asked for
 */
public record VerifyResult(List<Measured> models) {

  /** Takes an immutable copy. */
  public VerifyResult {
    models = List.copyOf(models);
  }

  /**
   * A packaged model beside the float model it was made from, on the same images.
   *
   * @param model what it is called: {@code groupId:artifactId:version:variant}
   * @param jar the jar it was loaded from
   * @param sha256 digest of the jar, lower-case hex
   * @param checkpointSha256 digest of the checkpoint, lower-case hex
   * @param images number of images
   * @param classes number of classes
   * @param fp32 accuracy of the checkpoint in float32
   * @param packaged accuracy of the packaged model, run as an application runs it
   * @param agreement share of images both give the same class
   * @param provider device and kernels that ran the packaged model, e.g. {@code cpu/vector}
   */
  public record Measured(
      String model,
      Path jar,
      String sha256,
      String checkpointSha256,
      int images,
      int classes,
      Accuracy fp32,
      Accuracy packaged,
      double agreement,
      String provider) {

    /** Percentage points of top-1 that quantizing has cost; negative if it has gained. */
    public double dropPoints() {
      return 100 * (fp32.top1() - packaged.top1());
    }
  }

  /**
   * Shares of images from 0 to 1.
   *
   * @param top1 those whose class comes first
   * @param top5 those whose class is among the first five
   */
  public record Accuracy(double top1, double top5) {}
}
