package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lowers a quantized linear: it takes in how its input is made, the activation behind it, and then
 * either the residual it is added to or the quantization for the linear that reads it.
 */
final class LinearLowering {
  private final Readers readers;
  private final Values values;
  private final LinearParameters parameters;
  private final Constants constants;
  private final Set<Operation> done;

  LinearLowering(
      Readers readers,
      Values values,
      LinearParameters parameters,
      Constants constants,
      Set<Operation> done) {
    this.readers = readers;
    this.values = values;
    this.parameters = parameters;
    this.constants = constants;
    this.done = done;
  }

  void lower(Operation.Linear linear) {
    RowPlan source = RowPlan.of(values.expression(linear.input()), constants);
    String output = linear.output();
    Activation activation = Activation.NONE;
    if (readers.only(output) instanceof Operation.Activate activate) {
      activation = activate.activation();
      output = activate.output();
      done.add(activate);
    }
    ValuePlan residual = null;
    InputQuantizer next = InputQuantizer.NONE;
    Operation reader = readers.only(output);
    if (reader instanceof Operation.Add add && values.isDefined(other(add, output))) {
      residual = values.stored(other(add, output));
      output = add.output();
      done.add(add);
    } else if (reader instanceof Operation.Linear after && readsCodes(after)) {
      next = parameters.quantizer(after);
    }
    boolean codes = next.limit() > 0;
    ValuePlan plan = codes ? values.output(output, StorageType.CODES) : values.output(output);
    values.add(
        new LinearPlan(source, parameters.ordered(linear), activation, residual, next, plan));
  }

  private static String other(Operation.Add add, String value) {
    return add.left().equals(value) ? add.right() : add.left();
  }

  /** Whether a linear's codes do not depend on a whole row, so that they can be made one by one. */
  private boolean readsCodes(Operation.Linear linear) {
    @Nullable Precision precision = linear.precision();
    return precision != null
        && precision.scale() == ActivationScale.STATIC_PER_TOKEN
        && precision.rotation() == Rotation.NONE
        && !DirectionLowering.isStepProjection(linear, readers);
  }
}
