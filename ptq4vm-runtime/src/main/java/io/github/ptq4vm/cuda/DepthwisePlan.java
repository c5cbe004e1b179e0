package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * A depthwise convolution.
 *
 * @param map address of the rows of the input, or 0
 * @param weight address of the weight
 * @param bias address of the bias, or 0
 * @param form what several problems have in common
 */
record DepthwisePlan(
    ValuePlan input, long map, long weight, long bias, DepthwiseParams form, ValuePlan output)
    implements LaunchPlan {

  @Override
  public List<ValuePlan> reads() {
    return List.of(input);
  }

  @Override
  public ValuePlan writes() {
    return output;
  }

  @Override
  public Object shape() {
    return List.of(form, input.type());
  }

  @Override
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    DepthwiseParams params =
        form.with(
            group.stream().map(DepthwisePlan.class::cast).map(plan -> plan.problem(batch)).toList(),
            batch.images());
    return KernelCatalog.depthwise(params);
  }

  private DepthwiseProblem problem(Batch batch) {
    return new DepthwiseProblem(batch.value(input), map, weight, bias, batch.value(output));
  }
}
