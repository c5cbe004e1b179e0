package io.github.ptq4vm.cuda;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A direction of a selective scan.
 *
 * @param uMap address of the rows of u, or 0
 * @param projection dt_proj where it is computed on the way, or null
 * @param a address of the decay rates
 * @param skip address of the skip factors
 * @param yMap address of the rows of y, or 0
 * @param form what several directions have in common
 */
record ScanPlan(
    ValuePlan u,
    long uMap,
    ValuePlan dt,
    ValuePlan b,
    ValuePlan c,
    @Nullable LinearConstants projection,
    long a,
    long skip,
    ValuePlan y,
    long yMap,
    Form form)
    implements LaunchPlan {

  /**
   * Sizes of a scan.
   *
   * @param rank channels of dt where dt_proj is computed on the way, else 0
   */
  record Form(int channels, int states, int length, int rank) {}

  @Override
  public List<ValuePlan> reads() {
    return List.of(u, dt, b, c);
  }

  @Override
  public ValuePlan writes() {
    return y;
  }

  @Override
  public Object shape() {
    return List.of(form, u.type());
  }

  @Override
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    List<ScanProblem> problems =
        group.stream().map(ScanPlan.class::cast).map(plan -> plan.problem(batch)).toList();
    return KernelCatalog.scan(
        new ScanParams(
            problems,
            batch.images(),
            form.channels(),
            form.states(),
            form.length(),
            form.rank(),
            1),
        batch.gpu());
  }

  private ScanProblem problem(Batch batch) {
    ScanProblem problem =
        ScanProblem.of(
                batch.value(u),
                batch.value(dt),
                batch.value(b),
                batch.value(c),
                a,
                skip,
                batch.value(y))
            .mapped(uMap, yMap);
    return projection == null
        ? problem
        : problem.projected(
            projection.quantizer(),
            projection.weight(),
            projection.weightStep(),
            projection.rowSum(),
            projection.bias());
  }
}
