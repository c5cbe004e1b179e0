package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.ValueShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers of a network's values, by which steps find them in a workspace. */
final class Numbers {
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<ValueShape> shapes = new ArrayList<>();

  /** Numbers all values: the image, then those of operations in their order. */
  Numbers(Network network) {
    add(network, Network.IMAGE);
    for (Operation operation : network.operations()) {
      add(network, operation.output());
    }
  }

  private void add(Network network, String value) {
    numbers.put(value, shapes.size());
    shapes.add(network.shape(value));
  }

  /** Number of a value. */
  int of(String value) {
    Integer number = numbers.get(value);
    if (number == null) {
      throw new IllegalArgumentException("The network has no value \"" + value + "\".");
    }
    return number;
  }

  /** Rows of a value. */
  int rows(int number) {
    return shapes.get(number).tokens();
  }

  /** Columns of a value. */
  int columns(int number) {
    return shapes.get(number).channels();
  }

  /** How many there are. */
  int count() {
    return shapes.size();
  }
}
