package io.github.ptq4vm.benchmarks.cost;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import java.util.HashMap;
import java.util.Map;

/**
 * Where values lie in memory. A range of channels and another order of tokens are places in a value
 * and take no memory of their own: whoever reads them computes an address.
 */
final class Values {
  private final Map<String, Place> places = new HashMap<>();

  /**
   * A range of channels of a value that has memory.
   *
   * @param root name of that value
   */
  record Place(String root, int from, int to) {

    /** Number of channels. */
    int channels() {
      return to - from;
    }
  }

  Values(Network network) {
    places.put(Network.IMAGE, whole(network, Network.IMAGE));
    for (Operation operation : network.operations()) {
      places.put(operation.output(), placeOf(network, operation));
    }
  }

  /** Where a value is. */
  Place place(String value) {
    Place place = places.get(value);
    if (place == null) {
      throw new IllegalArgumentException("There is no value \"" + value + "\".");
    }
    return place;
  }

  /** Whether an operation only says where something is. */
  boolean isView(Operation operation) {
    return !place(operation.output()).root().equals(operation.output());
  }

  private Place placeOf(Network network, Operation operation) {
    if (operation instanceof Operation.Channels channels) {
      Place input = place(channels.input());
      return new Place(input.root(), input.from() + channels.from(), input.from() + channels.to());
    }
    if (operation instanceof TokenOperation.Gather
        || operation instanceof TokenOperation.Scatter
        || operation instanceof GridOperation.MergePatches) {
      return place(operation.inputs().get(0));
    }
    return whole(network, operation.output());
  }

  private static Place whole(Network network, String value) {
    return new Place(value, 0, network.shape(value).channels());
  }
}
