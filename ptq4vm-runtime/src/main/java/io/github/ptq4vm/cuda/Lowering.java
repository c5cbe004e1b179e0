package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.ValueShape;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lowers a network to launches. Walks its operations in order: one that only makes, moves or
 * changes rows becomes an expression, which the operations that read it take in; the others become
 * plans of launches, which also take in what follows them if nothing else reads what is between.
 * What no launch takes in is stored by one of its own, so that every network can be lowered.
 */
final class Lowering {
  private final Model model;
  private final Network network;
  private final Constants constants = new Constants();
  private final Readers readers;
  private final Values values;
  private final LinearLowering linears;
  private final DirectionLowering directions;
  private final GridLowering grids;

  /** Operations that an earlier one took in. */
  private final Set<Operation> done = new HashSet<>();

  private Lowering(Model model, StorageType storage, Set<String> wanted) {
    this.model = model;
    this.network = model.network();
    Set<String> outside = new HashSet<>(wanted);
    outside.add(network.logits());
    this.readers = new Readers(network, outside);
    this.values = new Values(network, readers, storage, constants);
    LinearParameters parameters = new LinearParameters(model, constants);
    Floats floats = new Floats(model, constants);
    this.linears = new LinearLowering(readers, values, parameters, constants, done);
    this.directions = new DirectionLowering(readers, values, parameters, floats, constants, done);
    this.grids = new GridLowering(readers, values, floats, storage, done);
  }

  /**
   * Lowers a model.
   *
   * @param storage of activations: half or single precision
   * @param wanted values to keep to the end besides the logits; they are stored as the network
   *     defines them, and nothing is taken in across them
   * @throws io.github.ptq4vm.network.InvalidNetworkException if a parameter of a quantized linear
   *     is out of range
   */
  static LoweredNetwork lower(Model model, StorageType storage, Set<String> wanted) {
    return new Lowering(model, storage, wanted).lower(wanted);
  }

  private LoweredNetwork lower(Set<String> wanted) {
    int pixels = network.height() * network.width();
    ValuePlan planes = ValuePlan.stored(values.stores().size(), StorageType.F32, 1, 3 * pixels);
    values.stores().add(planes);
    values.add(new ImagePlan(planes, pixels, values.output(Network.IMAGE)));
    for (Operation operation : network.operations()) {
      if (!done.contains(operation)) {
        lower(operation);
      }
    }
    return LoweredNetwork.of(network, values, constants, planes, logits(), wanted);
  }

  /** The logits in single precision, in memory of their own. */
  private ValuePlan logits() {
    ValuePlan logits = values.stored(network.logits());
    boolean own = logits.offset() == 0 && logits.rows() == 1 && logits.type() == StorageType.F32;
    return own ? logits : values.store(values.expression(network.logits()), StorageType.F32);
  }

  private void lower(Operation operation) {
    if (operation instanceof GridOperation grid) {
      grids.lower(grid);
    } else if (operation instanceof TokenOperation token) {
      lower(token);
    } else if (operation instanceof Operation.Linear linear) {
      if (linear.precision() == null) {
        grids.lower(linear);
      } else if (directions.takesIn(linear)) {
        done.add(linear);
      } else {
        linears.lower(linear);
      }
    } else if (operation instanceof Operation.CausalConvolution convolution) {
      directions.lower(convolution);
    } else if (operation instanceof Operation.SelectiveScan scan) {
      directions.lower(scan);
    } else if (operation instanceof Operation.Add add) {
      sum(add, 1f);
    } else if (operation instanceof Operation.Merge merge) {
      sum(merge, merge.factor());
    } else if (operation instanceof Operation.Gate gate) {
      ValuePlan by = values.stored(gate.gate());
      extend(gate, x -> x.gated(by));
    } else if (operation instanceof Operation.ScaleChannels scale) {
      ValuePlan factors = values.stored(scale.factors());
      extend(scale, x -> x.scaled(factors));
    } else if (operation instanceof Operation.Activate activate) {
      extend(activate, x -> x.activated(activate.activation()));
    } else if (operation instanceof Operation.Channels channels) {
      extend(channels, x -> x.channels(channels.from(), channels.to()));
    } else if (operation instanceof Operation.RmsNorm norm) {
      long weight = floats(norm.weight());
      extend(norm, x -> x.normed(new RowExpression.Norm(NormKind.RMS_NORM, weight, 0, norm.eps())));
    } else if (operation instanceof Operation.LayerNorm norm) {
      RowExpression.Norm layer =
          new RowExpression.Norm(
              NormKind.LAYER_NORM, floats(norm.weight()), floats(norm.bias()), norm.eps());
      extend(norm, x -> x.normed(layer));
    } else {
      throw unknown(operation);
    }
  }

  private void lower(TokenOperation operation) {
    ValueShape shape = network.shape(operation.output());
    if (operation instanceof TokenOperation.Gather gather) {
      extend(gather, x -> x.gather(gather.order().positions()));
    } else if (operation instanceof TokenOperation.Scatter scatter) {
      extend(scatter, x -> x.gather(scatter.order().indices()));
    } else if (operation instanceof TokenOperation.SelectToken token) {
      extend(token, x -> x.select(token.position()));
    } else if (operation instanceof TokenOperation.AddTable table) {
      ValuePlan rows = ValuePlan.table(floats(table.table()), table.channels());
      extend(table, x -> x.plus(RowExpression.of(rows, shape.tokens(), shape.channels())));
    } else if (operation instanceof TokenOperation.InsertToken token) {
      insert(token, shape.tokens());
    } else if (operation instanceof TokenOperation.MeanTokens mean) {
      ValuePlan input = values.stored(mean.input());
      int tokens = network.shape(mean.input()).tokens();
      values.add(new MeanPlan(input, tokens, shape.channels(), values.output(mean.output())));
    } else if (operation instanceof TokenOperation.RotatePairs rotate) {
      ValuePlan input = values.stored(rotate.input());
      values.add(
          new RotatePairsPlan(
              input,
              floats(rotate.cos()),
              floats(rotate.sin()),
              shape.tokens(),
              shape.channels(),
              values.output(rotate.output())));
    } else {
      throw unknown(operation);
    }
  }

  /** Tokens around a gap of zeros, plus zeros around the token. */
  private void insert(TokenOperation.InsertToken token, int tokens) {
    int[] around = new int[tokens];
    int[] only = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      around[t] = t < token.position() ? t : t - 1;
      only[t] = -1;
    }
    around[token.position()] = -1;
    only[token.position()] = 0;
    RowExpression row =
        RowExpression.of(
            ValuePlan.table(floats(token.token()), token.channels()), 1, token.channels());
    extend(
        token,
        x -> {
          RowExpression apart = x.gather(around);
          return apart == null ? null : apart.plus(row.gather(only));
        });
  }

  /** Extends the expression of an operation's first input; stores that first if need be. */
  private void extend(
      Operation operation, Function<RowExpression, @Nullable RowExpression> extension) {
    String input = operation.inputs().get(0);
    RowExpression extended = extension.apply(values.expression(input));
    if (extended == null) {
      values.stored(input);
      extended = extension.apply(values.expression(input));
    }
    if (extended == null) {
      throw new IllegalStateException("\"" + operation.output() + "\" fits no stored value.");
    }
    values.define(operation.output(), extended);
  }

  /** Sums an operation's inputs from left to right. */
  private void sum(Operation operation, float factor) {
    List<String> inputs = operation.inputs();
    RowExpression sum = values.expression(inputs.get(0));
    for (String input : inputs.subList(1, inputs.size())) {
      RowExpression next = sum.plus(values.expression(input));
      if (next == null) {
        ValuePlan stored = values.stored(input);
        RowExpression term = RowExpression.of(stored, sum.tokens(), sum.channels());
        next = sum.plus(term);
        if (next == null) {
          next = values.store(sum).plus(term);
        }
      }
      sum = requireFit(operation, next);
    }
    RowExpression product = sum.times(factor);
    values.define(
        operation.output(),
        product == null ? requireFit(operation, values.store(sum).times(factor)) : product);
  }

  private static RowExpression requireFit(Operation operation, @Nullable RowExpression fitting) {
    if (fitting == null) {
      throw new IllegalStateException("\"" + operation.output() + "\" fits no stored value.");
    }
    return fitting;
  }

  private long floats(String parameter) {
    return constants.floats(parameter, () -> model.floats(parameter));
  }

  private static IllegalArgumentException unknown(Operation operation) {
    return new IllegalArgumentException(
        "The CUDA executor does not know operation \""
            + operation.output()
            + "\" of type "
            + operation.getClass().getSimpleName()
            + ". Use a newer version of the runtime.");
  }
}
