package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.benchmarks.cost.Arithmetic;
import io.github.ptq4vm.benchmarks.cost.Work;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.TokenOperation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Times of operations of one image after the other, summed by kind of operation. */
final class OperationProfile {
  private static final double MIDDLE = 0.5;

  private final Network network;
  private final Map<String, Kind> kinds = new LinkedHashMap<>();

  /** Operations alike. */
  private static final class Kind {
    private int operations;
    private Work work = Work.NONE;
    private long bytes;
    private final List<Long> nanos = new ArrayList<>();
  }

  OperationProfile(Network network) {
    this.network = network;
    for (Operation operation : network.operations()) {
      Kind kind = kinds.computeIfAbsent(name(operation), key -> new Kind());
      kind.operations++;
      kind.work = kind.work.plus(Arithmetic.of(network, operation));
      kind.bytes += bytes(operation);
    }
  }

  /** What tables call operations of a kind. */
  static String name(Operation operation) {
    if (operation instanceof Operation.Linear linear) {
      return "linear " + (linear.kind().isEmpty() ? "(not quantized)" : linear.kind());
    }
    String words = operation.getClass().getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", " ");
    return words.toLowerCase(Locale.ROOT);
  }

  /**
   * Inputs and weights read once, the output written once; nothing for a range of another value.
   */
  private long bytes(Operation operation) {
    if (operation instanceof Operation.Channels
        || operation instanceof TokenOperation.SelectToken) {
      return 0;
    }
    long numbers = network.shape(operation.output()).size();
    for (String input : operation.inputs()) {
      numbers += network.shape(input).size();
    }
    long bytes = numbers * Float.BYTES;
    for (Parameter parameter : network.parametersOf(operation)) {
      bytes += (long) parameter.type().bytes() * Tensor.elements(parameter.shape());
    }
    return bytes;
  }

  /** Adds an image: nanoseconds of its operations. */
  void add(Map<Operation, Long> image) {
    Map<String, Long> sums = new HashMap<>();
    image.forEach((operation, nanos) -> sums.merge(name(operation), nanos, Long::sum));
    if (!kinds.keySet().containsAll(sums.keySet())) {
      throw new IllegalArgumentException("There are operations that the network does not have.");
    }
    kinds.forEach((name, kind) -> kind.nanos.add(sums.getOrDefault(name, 0L)));
  }

  /** A row a kind: medians over images, and what is counted for one image. */
  JsonArray json() {
    JsonArray rows = new JsonArray();
    kinds.forEach(
        (name, kind) -> {
          JsonObject row = new JsonObject();
          row.addProperty("kind", name);
          row.addProperty("operations", kind.operations);
          row.addProperty("nanos", Figures.quantile(kind.nanos, MIDDLE));
          row.addProperty(
              "products", kind.work.integerMultiplyAdds() + kind.work.halfMultiplyAdds());
          row.addProperty("floats", kind.work.floatOperations());
          row.addProperty("exponentials", kind.work.exponentials());
          row.addProperty("bytes", kind.bytes);
          rows.add(row);
        });
    return rows;
  }
}
