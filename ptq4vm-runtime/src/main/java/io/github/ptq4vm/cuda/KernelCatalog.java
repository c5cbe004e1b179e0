package io.github.ptq4vm.cuda;

import java.util.List;

/** Which kernel solves which problems, and how the work is cut. */
final class KernelCatalog {
  /** Channels of low-rank step sizes that a scan can take in. */
  static final int LARGEST_RANK = 96;

  private KernelCatalog() {}

  static Launch rows(RowsParams params) {
    int padded = KernelStruct.roundUp(params.source().channels(), 32) * 5 / 4;
    int rows = params.images() * params.source().tokens();
    boolean block = params.source().channels() > 1536;
    return Launch.of(
        new KernelGeometry(
            "rows", block ? rows : (rows + 7) / 8, 1, 1, 256, 64 + (block ? 1 : 8) * padded * 4),
        params);
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

  static Launch scan(ScanParams params) {
    ScanGeometry geometry = ScanGeometry.of(params);
    return Launch.of(geometry.launch(), params.withChunks(geometry.chunks()));
  }

  static Launch linear(List<LinearPlan> plans, Batch batch) {
    LinearPlan.Form form = plans.get(0).shape();
    int in = KernelStruct.roundUp(form.in(), 32);
    int rows = 16;
    int columns = KernelStruct.roundUp(form.out(), 32);
    int shared = rows * (in + 16) + rows * 16 + 64 + (form.in() > 1536 ? 1 : 8) * in * 5;
    LinearParams params =
        new LinearParams(
            plans.stream().map(plan -> plan.problem(batch, columns)).toList(),
            batch.images(),
            rows);
    return Launch.of(
        new KernelGeometry(
            form.fourBits() ? "linear_w4_m16" : "linear_w8_m16",
            (batch.images() * form.tokens() + rows - 1) / rows,
            1,
            plans.size(),
            256,
            shared),
        params);
  }
}
