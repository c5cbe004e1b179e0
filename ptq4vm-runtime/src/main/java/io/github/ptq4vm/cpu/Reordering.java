package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.TokenOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Removes the copies of tokens into another order and back where those who read or write them can
 * follow the order themselves.
 */
final class Reordering {
  private final Map<String, List<Operation>> readers = new HashMap<>();
  private final Map<String, TokenOperation.Gather> gathers = new HashMap<>();
  private final Map<String, TokenOperation.Scatter> scatters = new HashMap<>();

  private Reordering(Network network) {
    for (Operation operation : network.operations()) {
      for (String input : operation.inputs()) {
        readers.computeIfAbsent(input, name -> new ArrayList<>()).add(operation);
      }
    }
    for (Operation operation : network.operations()) {
      if (operation instanceof TokenOperation.Gather gather && isPermutation(gather.order())) {
        gathers.put(gather.output(), gather);
      }
      if (operation instanceof Operation.SelectiveScan
          && readersOf(operation).size() == 1
          && readersOf(operation).get(0) instanceof TokenOperation.Scatter scatter
          && isPermutation(scatter.order())) {
        scatters.put(operation.output(), scatter);
      }
    }
  }

  /** The operations that are left, in their order. */
  static List<Work> absorb(Network network) {
    Reordering reordering = new Reordering(network);
    List<Work> left = new ArrayList<>();
    for (Operation operation : network.operations()) {
      if (!reordering.isAbsorbed(operation)) {
        left.add(reordering.work(operation));
      }
    }
    return left;
  }

  private boolean isAbsorbed(Operation operation) {
    if (operation instanceof TokenOperation.Scatter) {
      return scatters.containsKey(operation.inputs().get(0));
    }
    List<Operation> readers = readersOf(operation);
    return gathers.containsKey(operation.output())
        && !readers.isEmpty()
        && readers.stream().allMatch(reader -> gatherOf(reader) != null);
  }

  private Work work(Operation operation) {
    Work work = Work.of(operation);
    TokenOperation.Gather gather = gatherOf(operation);
    if (gather != null) {
      work = work.reading(gather.inputs().get(0), gather.order().positions());
    }
    TokenOperation.Scatter scatter = scatters.get(operation.output());
    if (scatter != null) {
      work = work.writing(scatter.output(), scatter.order().positions());
    }
    return work;
  }

  /** The copy that gives an operation its first input, if the operation can do without it. */
  private TokenOperation.@Nullable Gather gatherOf(Operation reader) {
    boolean follows =
        reader instanceof Operation.CausalConvolution || reader instanceof Operation.SelectiveScan;
    return follows ? gathers.get(reader.inputs().get(0)) : null;
  }

  /** Without zero tokens between the others. */
  private static boolean isPermutation(TokenOrder order) {
    return order.length() == order.tokens();
  }

  private List<Operation> readersOf(Operation operation) {
    return readers.getOrDefault(operation.output(), List.of());
  }
}
