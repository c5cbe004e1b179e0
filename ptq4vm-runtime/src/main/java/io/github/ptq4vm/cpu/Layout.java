package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.ValueShape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
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

    List<Integer> sizes = new ArrayList<>();
    int[] shared = new int[placements.size()];
    TreeSet<Integer> free =
        new TreeSet<>(Comparator.<Integer>comparingInt(sizes::get).thenComparing(b -> b));
    List<Integer> live = new ArrayList<>();
    for (int own = 0; own < placements.size(); own++) {
      int operation = own - 1;
      if (placements.get(own).buffer() == own) {
        shared[own] = take(free, sizes, placements.get(own));
        live.add(own);
      }
      live.removeIf(
          value -> {
            boolean done = lastReader[value] <= operation;
            if (done) {
              free.add(shared[value]);
            }
            return done;
          });
    }
    placements.replaceAll(placement -> placement.inBuffer(shared[placement.buffer()]));
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The smallest free buffer that is large enough, or the largest one made larger. */
  private static int take(TreeSet<Integer> free, List<Integer> sizes, Placement value) {
    int size = value.rows() * value.columns();
    for (int buffer : free) {
      if (sizes.get(buffer) >= size) {
        free.remove(buffer);
        return buffer;
      }
    }
    if (free.isEmpty()) {
      sizes.add(size);
      return sizes.size() - 1;
    }
    int largest = free.last();
    free.remove(largest);
    sizes.set(largest, size);
    return largest;
  }
}
