package io.github.ptq4vm.cuda;

import java.util.List;

/** Which kernel a launch uses and how the work is cut. */
final class KernelCatalog {
  /** Channels of low-rank step sizes that a scan can take in. */
  static final int LARGEST_RANK = 256;

  private KernelCatalog() {}

  static KernelGeometry rows(RowsParams params) {
    return new KernelGeometry("rows", 1, 1, 1, 256, 0);
  }

  static KernelGeometry mean(MeanParams params) {
    return new KernelGeometry("mean", 1, 1, 1, 256, 0);
  }

  static KernelGeometry rotatePairs(RotatePairsParams params) {
    return new KernelGeometry("rotate_pairs", 1, 1, 1, 256, 0);
  }

  static KernelGeometry image(ImageParams params) {
    return new KernelGeometry("image", 1, 1, 1, 256, 0);
  }

  static KernelGeometry dense(DenseParams params, boolean half) {
    return new KernelGeometry("dense", 1, 1, 1, 256, 0);
  }

  static KernelGeometry depthwise(DepthwiseParams params) {
    return new KernelGeometry("depthwise", 1, 1, 1, 256, 0);
  }

  static Launch scan(List<ScanProblem> problems, ScanPlan.Form form, Batch batch) {
    ScanParams params =
        new ScanParams(
            problems,
            batch.images(),
            form.channels(),
            form.states(),
            form.length(),
            form.rank(),
            1);
    return Launch.of(new KernelGeometry("scan", 1, 1, 1, 128, 0), params);
  }

  static Launch linear(List<LinearPlan> plans, Batch batch) {
    LinearParams params =
        new LinearParams(
            plans.stream().map(plan -> plan.problem(batch, 32)).toList(), batch.images(), 16);
    return Launch.of(new KernelGeometry("linear", 1, 1, 1, 256, 0), params);
  }
}
