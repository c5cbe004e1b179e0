package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a network's parameter comes from: a tensor of the checkpoint, a part of one, or something
 * made from one.
 *
 * @param key key of the tensor
 * @param shape shape that tensor must have
 * @param take the parameter's data, given those of the whole tensor, which it leaves unchanged
 */
record Source(String key, List<Integer> shape, UnaryOperator<float[]> take) {
  /** Takes an immutable copy of the shape. */
  Source {
    shape = List.copyOf(shape);
  }

  /**
   * The sources of all parameters of a network, by the parameters' names: the tensor of the same
   * name, or that part of one which the name says.
   *
   * @param slices tensors that hold several parameters
   */
  static SortedMap<String, Source> of(Network network, Set<Slice> slices) {
    Map<String, Integer> counts = new HashMap<>();
    for (String name : network.parameters().keySet()) {
      if (slice(name, slices) != null) {
        counts.merge(parent(name), 1, Integer::sum);
      }
    }
    SortedMap<String, Source> sources = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      String name = parameter.name();
      Slice slice = slice(name, slices);
      sources.put(
          name,
          slice == null
              ? new Source(name, parameter.shape(), UnaryOperator.identity())
              : part(parameter, counts.getOrDefault(parent(name), 1), slice.stacked()));
    }
    return sources;
  }

  /** Which kind of tensor a parameter is a part of, by {@code <prefix>.<leaf>.<number>}. */
  private static @Nullable Slice slice(String name, Set<Slice> slices) {
    if (!leaf(name).matches("\\d{1,9}")) {
      return null;
    }
    String leaf = leaf(parent(name));
    return slices.stream().filter(slice -> slice.leaf().equals(leaf)).findFirst().orElse(null);
  }

  private static Source part(Parameter parameter, int count, boolean stacked) {
    List<Integer> part = parameter.shape();
    List<Integer> whole = new ArrayList<>(part);
    if (stacked) {
      whole.add(0, count);
    } else {
      whole.set(0, Math.multiplyExact(count, part.get(0)));
    }
    int size = Tensor.elements(part);
    int from = Math.multiplyExact(Integer.parseInt(leaf(parameter.name())), size);
    return new Source(
        parent(parameter.name()), whole, data -> Arrays.copyOfRange(data, from, from + size));
  }

  private static String parent(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  private static String leaf(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /**
   * Whether a tensor of the checkpoint has the shape. Matrices may be stored as convolutions of one
   * pixel, {@code [O, I, 1, 1]}, as some builds of the authors' code do.
   */
  boolean accepts(List<Integer> actual) {
    boolean pixel =
        shape.size() == 2
            && actual.size() == 4
            && actual.get(2) == 1
            && actual.get(3) == 1
            && actual.subList(0, 2).equals(shape);
    return pixel || actual.equals(shape);
  }
}
