package io.github.ptq4vm.cuda;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An expression whose maps have a place in device memory.
 *
 * @param maps address of each term's map, or 0
 */
record RowPlan(RowExpression expression, List<Long> maps) {

  /** Places the maps of an expression. */
  static RowPlan of(RowExpression expression, Constants constants) {
    return new RowPlan(
        expression,
        expression.terms().stream()
            .map(RowExpression.Term::map)
            .map(map -> map == null ? 0L : constants.map(map))
            .toList());
  }

  /** The rows for a batch. */
  RowSource in(WorkspacePlan workspace) {
    List<RowSource.Input> inputs =
        IntStream.range(0, maps.size())
            .mapToObj(i -> input(expression.terms().get(i), maps.get(i), workspace))
            .toList();
    RowExpression.Norm norm = expression.norm();
    return new RowSource(
        inputs,
        optional(expression.gate(), workspace),
        norm.weight(),
        norm.bias(),
        expression.channels(),
        expression.tokens(),
        norm.kind(),
        expression.activation(),
        expression.factor(),
        norm.eps());
  }

  private static RowSource.Input input(RowExpression.Term term, long map, WorkspacePlan workspace) {
    return new RowSource.Input(
        term.value().in(workspace), map, optional(term.factors(), workspace));
  }

  private static DeviceValue optional(@Nullable ValuePlan value, WorkspacePlan workspace) {
    return value == null ? DeviceValue.NONE : value.in(workspace);
  }
}
