package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a network's parameter comes from: a tensor of the checkpoint, a part of one, or something
 * made from one.
 *
 * @param key key of the tensor
 * @param shape shape that tensor must have
 * @param take the parameter's data, given those of the whole tensor, which it leaves unchanged
 */
record Source(String key, List<Integer> shape, UnaryOperator<float[]> take) {
  private static final Pattern DIRECTION =
      Pattern.compile("(.*\\.(x_proj_weight|dt_projs_weight|dt_projs_bias|A_logs|Ds))\\.(\\d+)");

  /** Takes an immutable copy of the shape. */
  Source {
    shape = List.copyOf(shape);
  }

  /**
   * The sources of all parameters of a network, by the parameters' names, where keys are those
   * names. Parameters whose names differ in the number of a scan direction lie one after the other
   * in one tensor: rows of {@code A_logs} and {@code Ds}, or along a first dimension of their own.
   * Source: spec architectures.md 3.5.
   */
  static SortedMap<String, Source> of(Network network) {
    Map<String, Integer> directions = new HashMap<>();
    for (String name : network.parameters().keySet()) {
      Matcher matcher = DIRECTION.matcher(name);
      if (matcher.matches()) {
        directions.merge(matcher.group(1), 1, Integer::sum);
      }
    }
    SortedMap<String, Source> sources = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      Matcher matcher = DIRECTION.matcher(parameter.name());
      sources.put(
          parameter.name(),
          matcher.matches()
              ? slice(
                  matcher.group(1),
                  parameter.shape(),
                  Integer.parseInt(matcher.group(3)),
                  directions.getOrDefault(matcher.group(1), 1),
                  matcher.group(2).equals("A_logs") || matcher.group(2).equals("Ds"))
              : new Source(parameter.name(), parameter.shape(), UnaryOperator.identity()));
    }
    return sources;
  }

  private static Source slice(String key, List<Integer> part, int number, int count, boolean rows) {
    List<Integer> whole = new ArrayList<>(part);
    if (rows) {
      whole.set(0, Math.multiplyExact(count, part.get(0)));
    } else {
      whole.add(0, count);
    }
    int size = Tensor.elements(part);
    int from = Math.multiplyExact(number, size);
    return new Source(key, whole, data -> Arrays.copyOfRange(data, from, from + size));
  }

  /** The same part of a tensor of another name. */
  Source withKey(String other) {
    return new Source(other, shape, take);
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
