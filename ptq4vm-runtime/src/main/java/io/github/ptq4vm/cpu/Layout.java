package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.BufferSharing;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.ValueShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which value lies where. A range of channels or a single token is a view into the value it is
 * taken from; every other value gets memory that it gives back after its last reader, so that the
 * memory of a network is that of a few values and does not grow with depth.
 */
final class Layout {
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<Placement> placements = new ArrayList<>();
  private final int[] bufferSizes;

  Layout(Network network) {
    List<Operation> operations = network.operations();
    place(Network.IMAGE, whole(0, network.shape(Network.IMAGE)));
    for (Operation operation : operations) {
      place(operation.output(), placementOf(operation, network.shape(operation.output())));
    }
    this.bufferSizes = share(operations, network.logits());
  }

  /** Number of a value. */
  int number(String value) {
    Integer number = numbers.get(value);
    if (number == null) {
      throw new IllegalArgumentException("The network has no value \"" + value + "\".");
    }
    return number;
  }

  /** Rows of a value. */
  int rows(int number) {
    return placements.get(number).rows();
  }

  /** Columns of a value. */
  int columns(int number) {
    return placements.get(number).columns();
  }

  /** Memory for one image. */
  Workspace workspace(int members) {
    return new Workspace(placements, bufferSizes, members);
  }

  /** Floats a workspace holds. */
  long floats() {
    return IntStream.of(bufferSizes).asLongStream().sum();
  }

  private void place(String value, Placement placement) {
    numbers.put(value, placements.size());
    placements.add(placement);
  }

  /** First every value that is no view has a buffer of its own, with its number. */
  private Placement placementOf(Operation operation, ValueShape shape) {
    if (operation instanceof Operation.Channels channels) {
      return placements.get(number(channels.input())).columns(channels.from(), channels.to());
    }
    if (operation instanceof TokenOperation.SelectToken token) {
      return placements.get(number(token.input())).row(token.position());
    }
    return whole(placements.size(), shape);
  }

  private static Placement whole(int buffer, ValueShape shape) {
    return new Placement(buffer, 0, shape.channels(), shape.tokens(), shape.channels());
  }

  /** Then buffers whose values are never needed at the same time become one. */
  private int[] share(List<Operation> operations, String logits) {
    int[] lastReader = new int[placements.size()];
    for (int i = 0; i < operations.size(); i++) {
      Operation operation = operations.get(i);
      lastReader[placements.get(number(operation.output())).buffer()] = i;
      for (String input : operation.inputs()) {
        lastReader[placements.get(number(input)).buffer()] = i;
      }
    }
    lastReader[placements.get(number(logits)).buffer()] = Integer.MAX_VALUE;

    List<Integer> owners = new ArrayList<>();
    List<BufferSharing.Lifetime> lifetimes = new ArrayList<>();
    for (int own = 0; own < placements.size(); own++) {
      Placement value = placements.get(own);
      if (value.buffer() == own) {
        owners.add(own);
        // The image is there before the first operation.
        lifetimes.add(
            new BufferSharing.Lifetime(
                value.rows() * value.columns(), own - 1, Math.max(own - 1, lastReader[own])));
      }
    }
    BufferSharing sharing = new BufferSharing(lifetimes);
    int[] shared = new int[placements.size()];
    for (int i = 0; i < owners.size(); i++) {
      shared[owners.get(i)] = sharing.buffer(i);
    }
    placements.replaceAll(placement -> placement.inBuffer(shared[placement.buffer()]));
    return sharing.sizes();
  }
}
