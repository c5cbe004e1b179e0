package io.github.ptq4vm.cuda;

import java.util.List;

/** Computes an expression and stores it. */
record RowsPlan(RowPlan source, ValuePlan output) implements LaunchPlan {

  @Override
  public List<ValuePlan> reads() {
    return source.expression().reads();
  }

  @Override
  public ValuePlan writes() {
    return output;
  }

  @Override
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    RowsParams params =
        new RowsParams(source.in(batch.workspace()), batch.value(output), batch.images());
    return KernelCatalog.rows(params);
  }
}
