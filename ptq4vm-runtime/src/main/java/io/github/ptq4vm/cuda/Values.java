package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.ValueShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is known of a network's values on the way through its operations: an expression for each,
 * and the plans that store some of them.
 */
final class Values {
  private final Network network;
  private final Readers readers;
  private final StorageType storage;
  private final Constants constants;
  private final Map<String, RowExpression> expressions = new HashMap<>();
  private final List<ValuePlan> stores = new ArrayList<>();
  private final List<LaunchPlan> plans = new ArrayList<>();

  Values(Network network, Readers readers, StorageType storage, Constants constants) {
    this.network = network;
    this.readers = readers;
    this.storage = storage;
    this.constants = constants;
  }

  /** Plans in an order in which they can run. */
  List<LaunchPlan> plans() {
    return plans;
  }

  /** Stored values by number. */
  List<ValuePlan> stores() {
    return stores;
  }

  /** Adds work. */
  void add(LaunchPlan plan) {
    plans.add(plan);
  }

  /** Whether a value is there yet. */
  boolean isDefined(String value) {
    return expressions.containsKey(value);
  }

  /** How to compute a value. */
  RowExpression expression(String value) {
    RowExpression expression = expressions.get(value);
    if (expression == null) {
      throw new IllegalStateException("The value \"" + value + "\" was taken in and is not there.");
    }
    return expression;
  }

  /**
   * Defines a value that need not be stored. It is, where that saves work: rows that are only moved
   * cost their readers nothing.
   */
  void define(String value, RowExpression expression) {
    expressions.put(value, expression);
    if (readers.isWanted(value) || (readers.count(value) > 1 && !expression.isRows())) {
      stored(value);
    }
  }

  /** Where a value lies; stores it now if it does not yet. */
  ValuePlan stored(String value) {
    RowExpression expression = expression(value);
    ValuePlan plain = expression.plain();
    if (plain != null) {
      return plain;
    }
    ValuePlan stored = store(expression, type(value));
    expressions.put(value, RowExpression.of(stored, expression.tokens(), expression.channels()));
    return stored;
  }

  /** Stores something in between. */
  RowExpression store(RowExpression expression) {
    return RowExpression.of(store(expression, storage), expression.tokens(), expression.channels());
  }

  /** Stores an expression as elements of a type. */
  ValuePlan store(RowExpression expression, StorageType type) {
    ValuePlan output = memory(type, expression.tokens(), expression.channels());
    store(expression, output);
    return output;
  }

  /** Stores an expression in memory that is there. */
  void store(RowExpression expression, ValuePlan output) {
    add(new RowsPlan(RowPlan.of(expression, constants), output));
  }

  /** Where a value lies in single precision. */
  ValuePlan precise(String value) {
    ValuePlan stored = stored(value);
    return stored.type() == StorageType.F32 ? stored : store(expression(value), StorageType.F32);
  }

  /** Memory for a value of the network, which the caller fills. */
  ValuePlan output(String value) {
    return output(value, type(value));
  }

  /** Memory for a value of the network as elements of a type, which the caller fills. */
  ValuePlan output(String value, StorageType type) {
    ValueShape shape = network.shape(value);
    ValuePlan output = memory(type, shape.tokens(), shape.channels());
    expressions.put(value, RowExpression.of(output, shape.tokens(), shape.channels()));
    return output;
  }

  /** Memory for rows. */
  ValuePlan memory(StorageType type, int rows, int channels) {
    ValuePlan plan = ValuePlan.stored(stores.size(), type, channels, rows);
    stores.add(plan);
    return plan;
  }

  private StorageType type(String value) {
    return readers.isPrecise(value) || value.equals(network.logits()) ? StorageType.F32 : storage;
  }
}
