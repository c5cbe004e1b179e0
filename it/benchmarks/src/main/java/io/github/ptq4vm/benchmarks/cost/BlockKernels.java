package io.github.ptq4vm.benchmarks.cost;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which kernel each operation of a block is fused into. */
final class BlockKernels {
  private static final Map<String, FusedKernel> LINEARS =
      Map.of(
          "in_proj", FusedKernel.IN_PROJ,
          "x_proj", FusedKernel.X_PROJ,
          "dt_proj", FusedKernel.SCAN,
          "out_proj", FusedKernel.OUT_PROJ,
          "fc1", FusedKernel.FC1,
          "fc2", FusedKernel.FC2,
          "global_reduce", FusedKernel.ATTENTION,
          "channel_select", FusedKernel.ATTENTION);

  private final Section section;
  private final Map<String, Operation> makers = new HashMap<>();

  BlockKernels(Section section) {
    this.section = section;
    section.operations().forEach(operation -> makers.put(operation.output(), operation));
  }

  /** The kernel of an operation that computes something. */
  FusedKernel of(Operation operation) {
    if (operation instanceof Operation.Linear linear) {
      return kernel(linear);
    }
    if (operation instanceof Operation.CausalConvolution
        || operation instanceof GridOperation.DepthwiseConvolution2d) {
      return FusedKernel.CONVOLUTION;
    }
    if (operation instanceof Operation.SelectiveScan) {
      return FusedKernel.SCAN;
    }
    if (operation instanceof Operation.Gate gate) {
      // One direction is gated where it is made, the sum of several where it is read.
      return maker(gate.input()) instanceof Operation.SelectiveScan
          ? FusedKernel.SCAN
          : FusedKernel.OUT_PROJ;
    }
    if (operation instanceof Operation.Merge || operation instanceof Operation.ScaleChannels) {
      return FusedKernel.OUT_PROJ;
    }
    if (operation instanceof TokenOperation.MeanTokens) {
      return FusedKernel.ATTENTION;
    }
    if (operation instanceof TokenOperation.RotatePairs
        || operation instanceof Operation.RmsNorm
        || operation instanceof Operation.LayerNorm) {
      return of(firstReader(operation.output()));
    }
    if (operation instanceof Operation.Activate activate) {
      return of(maker(activate.input()));
    }
    if (operation instanceof Operation.Add add) {
      return of(maker(add.right()));
    }
    throw new IllegalArgumentException(
        "It is not known which kernel \"" + operation.output() + "\" would be fused into.");
  }

  private static FusedKernel kernel(Operation.Linear linear) {
    FusedKernel kernel = LINEARS.get(linear.kind());
    if (kernel == null) {
      throw new IllegalArgumentException("There is no kernel for a " + linear.kind() + ".");
    }
    return kernel;
  }

  /** The operation that computed a value, whatever order its tokens are in since. */
  private Operation maker(String value) {
    Operation maker = makers.get(value);
    if (maker == null) {
      throw new IllegalArgumentException("\"" + value + "\" is not made in its block.");
    }
    return isView(maker) ? maker(maker.inputs().get(0)) : maker;
  }

  private static boolean isView(Operation operation) {
    return operation instanceof TokenOperation.Gather
        || operation instanceof TokenOperation.Scatter
        || operation instanceof Operation.Channels;
  }

  /** The first operation that reads a value, be it in another order, and computes something. */
  private Operation firstReader(String value) {
    Set<String> names = new HashSet<>(Set.of(value));
    for (Operation operation : section.operations()) {
      if (operation.inputs().stream().anyMatch(names::contains)) {
        if (isView(operation)) {
          names.add(operation.output());
        } else {
          return operation;
        }
      }
    }
    throw new IllegalArgumentException("Nothing reads \"" + value + "\" in its block.");
  }
}
