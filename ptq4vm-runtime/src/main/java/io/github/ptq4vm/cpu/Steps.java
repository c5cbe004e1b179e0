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
import org.jspecify.annotations.Nullable;

/** Makes the step of an operation: looks up its values, prepares its kernel from its parameters. */
final class Steps {
  private final Model model;
  private final Numbers numbers;
  private final CpuKernels kernels;

  /** Kernels of linears in single precision, by the names of weight and bias. */
  private final Map<List<String>, CpuKernels.Linear> linears = new HashMap<>();

  /** Kernels of quantized linears by the name of the value. */
  private final Map<String, CpuKernels.QuantizedLinear> quantized = new HashMap<>();

  Steps(Model model, Numbers numbers, CpuKernels kernels) {
    this.model = model;
    this.numbers = numbers;
    this.kernels = kernels;
  }

  /** The step of an operation that is no view. */
  Step of(Work work) {
    Operation operation = work.operation();
    int output = numbers.of(work.output());
    int[] inputs = work.inputs().stream().mapToInt(numbers::of).toArray();
    if (operation instanceof GridOperation grid) {
      return grid(grid, inputs[0], output);
    }
    if (operation instanceof TokenOperation token) {
      return token(token, inputs[0], output);
    }
    if (operation instanceof Operation.Linear linear) {
      return linear(kernel(linear), inputs[0], output);
    }
    if (operation instanceof Operation.CausalConvolution op) {
      CpuKernels.Convolution kernel =
          kernels.convolution(
              model.floats(op.weight()),
              model.floats(op.bias()),
              op.channels(),
              op.width(),
              op.activation());
      return convolution(kernel, inputs[0], work.inputRows(), output);
    }
    if (operation instanceof Operation.SelectiveScan op) {
      CpuKernels.Scan kernel =
          kernels.scan(
              model.floats(op.aLog()), model.floats(op.skip()), op.channels(), op.states());
      return new ScanStep(
          kernel, op.channels(), inputs, work.inputRows(), output, work.outputRows());
    }
    if (operation instanceof Operation.Gate) {
      return elementwise(
          output,
          (memory, from, to) ->
              kernels.gate(
                  memory.value(inputs[0]),
                  memory.value(inputs[1]),
                  memory.value(output),
                  from,
                  to,
                  memory.scratch()));
    }
    if (operation instanceof Operation.Activate op) {
      return elementwise(
          output,
          (memory, from, to) ->
              kernels.activate(
                  op.activation(),
                  memory.value(inputs[0]),
                  memory.value(output),
                  from,
                  to,
                  memory.scratch()));
    }
    if (operation instanceof Operation.RmsNorm op) {
      return norm(kernels.rmsNorm(model.floats(op.weight()), op.eps()), inputs[0], output);
    }
    if (operation instanceof Operation.LayerNorm op) {
      CpuKernels.Norm kernel =
          kernels.layerNorm(model.floats(op.weight()), model.floats(op.bias()), op.eps());
      return norm(kernel, inputs[0], output);
    }
    if (operation instanceof Operation.Add) {
      return elementwise(output, new MergeStep(kernels, inputs, 1f, output));
    }
    if (operation instanceof Operation.Merge op) {
      return elementwise(output, new MergeStep(kernels, inputs, op.factor(), output));
    }
    if (operation instanceof Operation.ScaleChannels) {
      return elementwise(output, new ScaleChannelsStep(inputs[0], inputs[1], output));
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
      return convolution(kernel, input, null, output);
    }
    if (operation instanceof GridOperation.MergePatches merge) {
      return elementwise(output, new MergePatchesStep(merge, input, output));
    }
    throw unknown(operation);
  }

  private Step token(TokenOperation operation, int input, int output) {
    if (operation instanceof TokenOperation.AddTable op) {
      Matrix table =
          Matrix.of(model.floats(op.table()), numbers.rows(output), numbers.columns(output));
      return elementwise(output, new AddTableStep(kernels, table, input, output));
    }
    if (operation instanceof TokenOperation.InsertToken token) {
      int[] sources = new int[numbers.rows(output)];
      Arrays.setAll(sources, t -> t < token.position() ? t : t - 1);
      sources[token.position()] = -1;
      return elementwise(
          output, new CopyRowsStep(sources, model.floats(token.token()), input, output));
    }
    if (operation instanceof TokenOperation.RotatePairs rotate) {
      return elementwise(
          output,
          new RotatePairsStep(
              model.floats(rotate.cos()), model.floats(rotate.sin()), input, output));
    }
    if (operation instanceof TokenOperation.Gather gather) {
      return copyRows(gather.order().positions(), input, output);
    }
    if (operation instanceof TokenOperation.Scatter scatter) {
      return copyRows(scatter.order().indices(), input, output);
    }
    if (operation instanceof TokenOperation.MeanTokens) {
      int groups = new Split(numbers.columns(output), MeanTokensStep.CHANNELS).parts();
      return new RangeStep(groups, 1, new MeanTokensStep(input, output));
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

  /** The kernel of a quantized linear, prepared once. */
  CpuKernels.QuantizedLinear quantized(Operation.Linear linear) {
    return quantized.computeIfAbsent(
        linear.output(), name -> kernels.linear(QuantizedWeights.of(model, linear)));
  }

  /** The kernel of a linear, prepared once for all that share parameters. */
  private CpuKernels.Linear kernel(Operation.Linear linear) {
    if (linear.precision() != null) {
      return quantized(linear);
    }
    return linears.computeIfAbsent(
        List.of(linear.weight(), linear.bias()),
        names ->
            kernels.linear(
                model.floats(linear.weight()),
                linear.hasBias() ? model.floats(linear.bias()) : null,
                linear.outFeatures(),
                linear.inFeatures()));
  }

  private Step linear(CpuKernels.Linear kernel, int input, int output) {
    int rows = numbers.rows(output);
    return new RangeStep(
        rows,
        kernel.rowsPerPart(rows),
        (memory, from, to) ->
            kernel.apply(
                memory.value(input), from, memory.value(output), from, to, memory.scratch()));
  }

  private Step norm(CpuKernels.Norm kernel, int input, int output) {
    return elementwise(
        output,
        (memory, from, to) ->
            kernel.apply(memory.value(input), memory.value(output), from, to, memory.scratch()));
  }

  private Step convolution(
      CpuKernels.Convolution kernel, int input, int @Nullable [] inputRows, int output) {
    return elementwise(
        output,
        (memory, from, to) ->
            kernel.apply(
                memory.value(input), inputRows, memory.value(output), from, to, memory.scratch()));
  }

  private Step copyRows(int[] sources, int input, int output) {
    return elementwise(
        output, new CopyRowsStep(sources, new float[numbers.columns(output)], input, output));
  }

  private Step elementwise(int output, RangeStep.Range work) {
    return RangeStep.elementwise(numbers.rows(output), numbers.columns(output), work);
  }
}
