package io.github.ptq4vm.benchmarks.cost;

import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.TokenOperation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A quantized network as a chain of fused kernels, and what each run of one costs. A value stays in
 * registers or shared memory where one kernel makes and reads it; otherwise its maker writes it
 * once, and every kernel that reads it reads it once.
 */
public final class FusedChain {
  private static final double IMAGE_BYTES = 1;
  private static final double HALF = 2;
  private static final double FLOAT = 4;
  private static final double BYTE_OF_CODES = 1;
  private static final double NIBBLE = 0.5;
  private static final int NIBBLE_BITS = 4;

  private final Network network;
  private final Values values;
  private final List<Group> groups = new ArrayList<>();
  private final Map<String, Group> makers = new HashMap<>();
  private final Map<String, List<Reader>> readers = new HashMap<>();
  private final Set<String> statesOfScans = new HashSet<>();

  /** The operations of one run of a kernel. */
  private record Group(Section section, FusedKernel kernel, List<Operation> operations) {}

  /** An operation that reads a value, and the run it is in. */
  private record Reader(Group group, Operation operation) {}

  private FusedChain(Network network) {
    this.network = network;
    this.values = new Values(network);
    for (Section section : network.sections()) {
      groups.addAll(section.block() ? block(section) : edge(section));
    }
    for (Group group : groups) {
      for (Operation operation : group.operations()) {
        makers.put(operation.output(), group);
        if (operation instanceof Operation.SelectiveScan scan) {
          statesOfScans.add(values.place(scan.b()).root());
        }
        for (String input : operation.inputs()) {
          readers
              .computeIfAbsent(values.place(input).root(), root -> new ArrayList<>())
              .add(new Reader(group, operation));
        }
      }
    }
  }

  /**
   * The runs of a network's kernels, in order.
   *
   * @param network every linear that can be quantized has a precision
   */
  public static List<Launch> of(Network network) {
    FusedChain chain = new FusedChain(network);
    return chain.groups.stream()
        .map(
            group ->
                new Launch(
                    group.section().name(),
                    group.section().block(),
                    group.kernel(),
                    network.shape(group.section().output()).tokens(),
                    chain.work(group)))
        .toList();
  }

  /** One run of each kernel a block has. */
  private List<Group> block(Section section) {
    Map<FusedKernel, Group> byKernel = new LinkedHashMap<>();
    BlockKernels kernels = new BlockKernels(section);
    for (Operation operation : section.operations()) {
      if (!values.isView(operation)) {
        FusedKernel kernel = kernels.of(operation);
        byKernel
            .computeIfAbsent(kernel, key -> new Group(section, key, new ArrayList<>()))
            .operations()
            .add(operation);
      }
    }
    return List.copyOf(byKernel.values());
  }

  /** A run for each matrix; what goes before the first or follows one belongs to it. */
  private List<Group> edge(Section section) {
    List<Group> runs = new ArrayList<>();
    boolean full = true;
    for (Operation operation : section.operations()) {
      if (values.isView(operation)) {
        continue;
      }
      boolean matrix =
          operation instanceof Operation.Linear || operation instanceof GridOperation.Convolution2d;
      if (runs.isEmpty() || (full && matrix)) {
        runs.add(new Group(section, FusedKernel.EDGE, new ArrayList<>()));
        full = false;
      }
      full |= matrix || operation instanceof TokenOperation.MeanTokens;
      runs.get(runs.size() - 1).operations().add(operation);
    }
    return runs;
  }

  private Work work(Group group) {
    Work work = Work.bytes(activationBytes(group), parameterBytes(group));
    for (Operation operation : group.operations()) {
      boolean forOneToken = selects(group) && operation instanceof Operation.RmsNorm;
      Work whole = Arithmetic.of(network, operation);
      work =
          work.plus(forOneToken ? whole.share(network.shape(operation.output()).tokens()) : whole);
    }
    return work;
  }

  /** Whether one token goes on, so that the others need neither be read nor normed. */
  private static boolean selects(Group group) {
    return group.operations().stream().anyMatch(TokenOperation.SelectToken.class::isInstance);
  }

  private long activationBytes(Group group) {
    Set<Values.Place> read = new HashSet<>();
    double bytes = 0;
    for (Operation operation : group.operations()) {
      for (String input : operation.inputs()) {
        Values.Place place = values.place(input);
        if (makers.get(place.root()) != group && read.add(place)) {
          int tokens = selects(group) ? 1 : network.shape(place.root()).tokens();
          bytes += width(place.root()) * tokens * place.channels();
        }
      }
      if (isWritten(operation.output(), group)) {
        bytes += width(operation.output()) * network.shape(operation.output()).size();
      }
    }
    return Math.round(bytes);
  }

  private boolean isWritten(String value, Group maker) {
    return value.equals(network.logits())
        || readers.getOrDefault(value, List.of()).stream()
            .anyMatch(reader -> reader.group() != maker);
  }

  /** Bytes a number of a value takes in memory. */
  private double width(String root) {
    if (root.equals(Network.IMAGE)) {
      return IMAGE_BYTES;
    }
    if (root.equals(network.logits()) || statesOfScans.contains(root)) {
      return FLOAT;
    }
    Precision codes = codes(root);
    return codes == null ? HALF : codes.activationBits() <= NIBBLE_BITS ? NIBBLE : BYTE_OF_CODES;
  }

  /** The precision whose codes a value can be written as: its one reader's, if that is static. */
  private @Nullable Precision codes(String root) {
    List<Reader> all = readers.get(root);
    if (all.size() == 1
        && all.get(0).operation() instanceof Operation.Linear linear
        && linear.precision() != null
        && linear.precision().scale() == ActivationScale.STATIC_PER_TOKEN
        && linear.precision().rotation() == Rotation.NONE) {
      return linear.precision();
    }
    return null;
  }

  private long parameterBytes(Group group) {
    Map<String, Long> bytes = new HashMap<>();
    for (Operation operation : group.operations()) {
      boolean halves =
          operation instanceof GridOperation.Convolution2d
              || (operation instanceof Operation.Linear linear && linear.precision() == null);
      for (Parameter parameter : network.parametersOf(operation)) {
        boolean matrix = parameter.type() == ElementType.F32 && parameter.shape().size() > 1;
        long width = halves && matrix ? (long) HALF : parameter.type().bytes();
        bytes.put(parameter.name(), width * Tensor.elements(parameter.shape()));
      }
    }
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }
}
