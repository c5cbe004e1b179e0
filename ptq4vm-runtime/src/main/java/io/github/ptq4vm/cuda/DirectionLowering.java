package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.TokenOperation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lowers what goes along a sequence: causal convolutions and scans. Both read rows in the order of
 * the sequence through a map; a scan computes dt_proj on the way and writes rows back in the order
 * of the image.
 */
final class DirectionLowering {
  private final Readers readers;
  private final Values values;
  private final LinearParameters parameters;
  private final Floats floats;
  private final Constants constants;
  private final Set<Operation> done;

  /** Linears that wait for their scan, by the value they define. */
  private final Map<String, Operation.Linear> projections = new HashMap<>();

  DirectionLowering(
      Readers readers,
      Values values,
      LinearParameters parameters,
      Floats floats,
      Constants constants,
      Set<Operation> done) {
    this.readers = readers;
    this.values = values;
    this.parameters = parameters;
    this.floats = floats;
    this.constants = constants;
    this.done = done;
  }

  /** Rows of a stored value and the address of their map, or 0. */
  private record Rows(ValuePlan value, long map) {}

  /** Whether a quantized linear is left to the scan that reads it. */
  boolean takesIn(Operation.Linear linear) {
    boolean taken = isStepProjection(linear, readers);
    if (taken) {
      projections.put(linear.output(), linear);
    }
    return taken;
  }

  /** Whether a quantized linear is a dt_proj that a scan could compute. */
  static boolean isStepProjection(Operation.Linear linear, Readers readers) {
    return linear.precision() != null
        && linear.precision().rotation() == Rotation.NONE
        && linear.inFeatures() <= KernelCatalog.LARGEST_RANK
        && readers.only(linear.output()) instanceof Operation.SelectiveScan scan
        && scan.dt().equals(linear.output());
  }

  void lower(Operation.CausalConvolution convolution) {
    Rows input = rows(convolution.input());
    int tokens = values.expression(convolution.input()).tokens();
    values.add(
        new DepthwisePlan(
            input.value(),
            input.map(),
            floats.channelsInnermost(convolution.weight(), convolution.channels()),
            floats.parameter(convolution.bias()),
            new DepthwiseParams(
                List.of(),
                0,
                convolution.channels(),
                tokens,
                convolution.width(),
                0,
                0,
                convolution.activation()),
            values.output(convolution.output())));
  }

  void lower(Operation.SelectiveScan scan) {
    Rows u = rows(scan.u());
    int length = values.expression(scan.u()).tokens();
    Operation.@Nullable Linear projection = projections.remove(scan.dt());
    ValuePlan dt =
        projection == null ? values.stored(scan.dt()) : values.precise(projection.input());
    ValuePlan b = values.precise(scan.b());
    ValuePlan c = values.precise(scan.c());
    String output = scan.output();
    long map = 0;
    if (readers.only(output) instanceof TokenOperation.Scatter scatter) {
      map = constants.map(scatter.order().positions());
      output = scatter.output();
      done.add(scatter);
    }
    values.add(
        new ScanPlan(
            u.value(),
            u.map(),
            dt,
            b,
            c,
            projection == null ? null : parameters.rows(projection),
            floats.rates(scan.aLog()),
            floats.parameter(scan.skip()),
            values.output(output),
            map,
            new ScanPlan.Form(
                scan.channels(),
                scan.states(),
                length,
                projection == null ? 0 : projection.inFeatures())));
  }

  private Rows rows(String value) {
    if (!values.expression(value).isRows()) {
      values.stored(value);
    }
    RowExpression.Term term = values.expression(value).terms().get(0);
    return new Rows(term.value(), term.map() == null ? 0 : constants.map(term.map()));
  }
}
