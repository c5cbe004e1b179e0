package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A quantized linear with what its launch takes in.
 *
 * @param next quantizer of the linear that reads the codes this one writes, or none
 * @param residual added to the result, or null
 */
record LinearPlan(
    RowPlan source,
    LinearConstants constants,
    Activation activation,
    @Nullable ValuePlan residual,
    InputQuantizer next,
    ValuePlan output)
    implements LaunchPlan {

  /** What problems of one launch have in common. */
  record Form(int tokens, int in, int out, boolean fourBits, boolean rotated, StorageType output) {}

  @Override
  public List<ValuePlan> reads() {
    List<ValuePlan> reads = new ArrayList<>(source.expression().reads());
    if (residual != null) {
      reads.add(residual);
    }
    return reads;
  }

  @Override
  public ValuePlan writes() {
    return output;
  }

  @Override
  public Form shape() {
    return new Form(
        source.expression().tokens(),
        constants.in(),
        constants.out(),
        constants.fourBits(),
        constants.quantizer().rotationScale() != 0,
        output.type());
  }

  @Override
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    List<LinearPlan> plans = group.stream().map(LinearPlan.class::cast).toList();
    return KernelCatalog.linear(plans, batch);
  }

  /**
   * The problem for a batch.
   *
   * @param columns output channels a block computes
   */
  LinearProblem problem(Batch batch, int columns) {
    return new LinearProblem(
        source.in(batch.workspace()),
        constants.quantizer(),
        next,
        constants.weight(),
        constants.weightStep(),
        constants.rowSum(),
        constants.bias(),
        residual == null ? DeviceValue.NONE : batch.value(residual),
        batch.value(output),
        constants.in(),
        constants.out(),
        activation,
        columns);
  }
}
