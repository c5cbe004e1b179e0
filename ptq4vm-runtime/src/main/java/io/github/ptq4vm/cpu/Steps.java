package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.QuantizedWeights;
import io.github.ptq4vm.network.TokenOperation;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes the step of an operation: looks up its values, prepares its kernel from its parameters. */
final class Steps {
  /** The layout has put the value into the memory of its input. */
  private static final Step VIEW = (workspace, team) -> {};

  private final Model model;
  private final Layout layout;
  private final CpuKernels kernels;

  /** Kernels of linears in single precision, by the names of weight and bias. */
  private final Map<List<String>, CpuKernels.Linear> linears = new HashMap<>();

  Steps(Model model, Layout layout, CpuKernels kernels) {
    this.model = model;
    this.layout = layout;
    this.kernels = kernels;
  }

  Step of(Operation operation) {
    int output = layout.number(operation.output());
    int[] inputs = operation.inputs().stream().mapToInt(layout::number).toArray();
    if (operation instanceof GridOperation grid) {
      return grid(grid, inputs[0], output);
    }
    if (operation instanceof TokenOperation token) {
      return token(token, inputs[0], output);
    }
    if (operation instanceof Operation.Linear linear) {
      return linear(linear, kernel(linear));
    }
    if (operation instanceof Operation.CausalConvolution op) {
      CpuKernels.Convolution kernel =
          kernels.convolution(
              model.floats(op.weight()),
              model.floats(op.bias()),
              op.channels(),
              op.width(),
              op.activation());
      return convolution(kernel, inputs[0], output);
    }
    if (operation instanceof Operation.SelectiveScan op) {
      return scan(op, inputs, output);
    }
    if (operation instanceof Operation.Gate) {
      return rows(
          output,
          (workspace, from, to, scratch) ->
              kernels.gate(
                  workspace.value(inputs[0]),
                  workspace.value(inputs[1]),
                  workspace.value(output),
                  from,
                  to,
                  scratch));
    }
    if (operation instanceof Operation.Activate op) {
      return rows(
          output,
          (workspace, from, to, scratch) ->
              kernels.activate(
                  op.activation(),
                  workspace.value(inputs[0]),
                  workspace.value(output),
                  from,
                  to,
                  scratch));
    }
    if (operation instanceof Operation.RmsNorm norm) {
      return new RmsNormStep(model.floats(norm.weight()), norm.eps(), inputs[0], output);
    }
    if (operation instanceof Operation.LayerNorm norm) {
      return new LayerNormStep(
          model.floats(norm.weight()), model.floats(norm.bias()), norm.eps(), inputs[0], output);
    }
    if (operation instanceof Operation.Add) {
      return new MergeStep(inputs, 1f, output);
    }
    if (operation instanceof Operation.Merge merge) {
      return new MergeStep(inputs, merge.factor(), output);
    }
    if (operation instanceof Operation.ScaleChannels) {
      return new ScaleChannelsStep(inputs[0], inputs[1], output);
    }
    if (operation instanceof Operation.Channels) {
      return VIEW;
    }
    throw unknown(operation);
  }

  private Step grid(GridOperation operation, int input, int output) {
    if (operation instanceof GridOperation.Convolution2d convolution) {
      return new PatchStep(
          convolution,
          model.floats(convolution.weight()),
          model.floats(convolution.bias()),
          kernels,
          input,
          output);
    }
    if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      CpuKernels.Convolution kernel =
          kernels.depthwise(
              model.floats(op.weight()),
              op.hasBias() ? model.floats(op.bias()) : null,
              op.channels(),
              new GridWindow(op.height(), op.width(), op.kernel()),
              op.activation());
      return convolution(kernel, input, output);
    }
    if (operation instanceof GridOperation.MergePatches merge) {
      return new MergePatchesStep(merge, input, output);
    }
    throw unknown(operation);
  }

  private Step token(TokenOperation operation, int input, int output) {
    if (operation instanceof TokenOperation.AddTable table) {
      return new AddTableStep(model.floats(table.table()), input, output);
    }
    if (operation instanceof TokenOperation.InsertToken token) {
      int[] sources = new int[layout.rows(output)];
      Arrays.setAll(sources, t -> t < token.position() ? t : t - 1);
      sources[token.position()] = -1;
      return new CopyRowsStep(sources, model.floats(token.token()), input, output);
    }
    if (operation instanceof TokenOperation.RotatePairs rotate) {
      return new RotatePairsStep(
          model.floats(rotate.cos()), model.floats(rotate.sin()), input, output);
    }
    if (operation instanceof TokenOperation.Gather gather) {
      return copyRows(gather.order().positions(), input, output);
    }
    if (operation instanceof TokenOperation.Scatter scatter) {
      return copyRows(scatter.order().indices(), input, output);
    }
    if (operation instanceof TokenOperation.MeanTokens) {
      return new MeanTokensStep(input, output);
    }
    if (operation instanceof TokenOperation.SelectToken) {
      return VIEW;
    }
    throw unknown(operation);
  }

  private static IllegalArgumentException unknown(Operation operation) {
    return new IllegalArgumentException(
        "The CPU executor does not know operation \""
            + operation.output()
            + "\" of type "
            + operation.getClass().getSimpleName()
            + ". Use a newer version of the runtime.");
  }

  /** Prepares the kernel of a quantized linear. */
  CpuKernels.QuantizedLinear quantized(Operation.Linear linear) {
    return kernels.linear(QuantizedWeights.of(model, linear));
  }

  /** The step of a linear with a kernel that is already prepared. */
  Step linear(Operation.Linear linear, CpuKernels.Linear kernel) {
    int input = layout.number(linear.input());
    int output = layout.number(linear.output());
    return (workspace, team) -> {
      Matrix x = workspace.value(input);
      Matrix y = workspace.value(output);
      Split split = new Split(y.rows(), kernel.rowsPerPart(y.rows()));
      team.forEach(
          split.parts(),
          (part, member) ->
              kernel.apply(x, y, split.from(part), split.to(part), workspace.scratch(member)));
    };
  }

  /** Prepares the kernel of a linear in single precision, once for all that share parameters. */
  private CpuKernels.Linear kernel(Operation.Linear linear) {
    return linears.computeIfAbsent(
        List.of(linear.weight(), linear.bias()),
        names ->
            kernels.linear(
                model.floats(linear.weight()),
                linear.hasBias() ? model.floats(linear.bias()) : null,
                linear.outFeatures(),
                linear.inFeatures()));
  }

  private Step convolution(CpuKernels.Convolution kernel, int input, int output) {
    return rows(
        output,
        (workspace, from, to, scratch) ->
            kernel.apply(workspace.value(input), workspace.value(output), from, to, scratch));
  }

  private Step scan(Operation.SelectiveScan op, int[] in, int output) {
    CpuKernels.Scan kernel =
        kernels.scan(model.floats(op.aLog()), model.floats(op.skip()), op.channels(), op.states());
    Split split = new Split(op.channels(), CpuKernels.Scan.CHANNELS);
    return (workspace, team) ->
        team.forEach(
            split.parts(),
            (part, member) ->
                kernel.apply(
                    workspace.value(in[0]),
                    workspace.value(in[1]),
                    workspace.value(in[2]),
                    workspace.value(in[3]),
                    workspace.value(output),
                    split.from(part),
                    split.to(part),
                    workspace.scratch(member)));
  }

  private Step copyRows(int[] sources, int input, int output) {
    return new CopyRowsStep(sources, new float[layout.columns(output)], input, output);
  }

  /** Work on some rows of a value. */
  private interface RowTask {
    void run(Workspace workspace, int from, int to, Scratch scratch);
  }

  private static Step rows(int output, RowTask task) {
    return (workspace, team) -> {
      Split split = Split.rows(workspace.value(output));
      team.forEach(
          split.parts(),
          (part, member) ->
              task.run(workspace, split.from(part), split.to(part), workspace.scratch(member)));
    };
  }
}
