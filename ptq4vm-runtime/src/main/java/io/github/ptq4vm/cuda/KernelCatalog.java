package io.github.ptq4vm.cuda;

import java.util.List;

/** Which kernel solves which problems, and how the work is cut. */
final class KernelCatalog {
  /** Channels of low-rank step sizes that a scan can take in. */
  static final int LARGEST_RANK = 96;

  private KernelCatalog() {}

  static Launch rows(RowsParams params) {
    return Launch.of(RowsGeometry.of(params), params);
  }

  static Launch mean(MeanParams params) {
    return Launch.of(ElementwiseGeometry.mean(params), params);
  }

  static Launch rotatePairs(RotatePairsParams params) {
    return Launch.of(ElementwiseGeometry.rotatePairs(params), params);
  }

  static Launch image(ImageParams params) {
    return Launch.of(ElementwiseGeometry.image(params), params);
  }

  static Launch dense(DenseParams params, boolean half) {
    return Launch.of(DenseGeometry.of(params, half), params);
  }

  static Launch depthwise(DepthwiseParams params) {
    return Launch.of(DepthwiseGeometry.of(params), params);
  }

  static Launch scan(ScanParams params, GpuTraits gpu) {
    ScanGeometry geometry = ScanGeometry.of(params, gpu);
    return Launch.of(geometry.launch(), params.withChunks(geometry.chunks()));
  }

  static Launch linear(List<LinearPlan> plans, Batch batch) {
    LinearPlan.Form form = plans.get(0).shape();
    LinearGeometry geometry =
        LinearGeometry.of(
            Math.multiplyExact(batch.images(), form.tokens()),
            form.in(),
            form.out(),
            form.fourBits(),
            plans.size(),
            batch.gpu());
    List<LinearProblem> problems =
        plans.stream().map(plan -> plan.problem(batch, geometry.columns())).toList();
    return Launch.of(
        geometry.launch(), new LinearParams(problems, batch.images(), geometry.rows()));
  }
}
