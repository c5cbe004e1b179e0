package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * A convolution or linear in floating point.
 *
 * @param form the kernel's arguments, but for values and images
 * @param half whether weights are in half precision
 */
record DensePlan(ValuePlan input, DenseParams form, boolean half, ValuePlan output)
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
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    DenseParams params = form.with(batch.value(input), batch.value(output), batch.images());
    return KernelCatalog.dense(params, half);
  }
}
