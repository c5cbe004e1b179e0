package io.github.ptq4vm.compiler.learn;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.GradientCollector;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.InputScale;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.Quantizers;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A block under fake quantization, put together from PyTorch's own operations and differentiated by
 * PyTorch: rounding is straight-through, everything else is what autograd makes of it. Values are
 * {@code [images, tokens, channels]}.
 */
final class AutogradBlock implements AutoCloseable {
  private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
  private final Model model;
  private final Section section;
  private final int images;
  private final Map<String, LinearQuantizer> quantizers;
  private final Map<String, NDList> logarithms = new HashMap<>();

  AutogradBlock(Model model, Section section, int images, Map<String, LinearQuantizer> quantizers) {
    this.model = model;
    this.section = section;
    this.images = images;
    this.quantizers = quantizers;
    quantizers.forEach((name, q) -> logarithms.put(name, zeros(q)));
  }

  private NDList zeros(LinearQuantizer q) {
    NDList zeros =
        new NDList(
            manager.zeros(new Shape(q.smoothing().length)),
            manager.zeros(new Shape(q.weightStep().length, 1)),
            manager.zeros(new Shape(Quantizers.numbers(q.inputScale()).length, 1)));
    zeros.forEach(zero -> zero.setRequiresGradient(true));
    return zeros;
  }

  /**
   * Runs the block and takes the gradient of the mean of {@code 1 - cos} back.
   *
   * @return the stream behind the block
   */
  float[] run(float[] input, float[] target) {
    try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
      Map<String, NDArray> values = new HashMap<>();
      NDArray stream = array(input, images, -1, channels(section.operations().get(0)));
      for (Operation operation : section.operations()) {
        operation.inputs().forEach(name -> values.putIfAbsent(name, stream));
        values.put(operation.output(), apply(operation, values));
      }
      NDArray output = values.get(section.output());
      NDArray wanted = manager.create(target, output.getShape());
      int[] last = {2};
      NDArray dot = output.mul(wanted).sum(last);
      NDArray norms = output.square().sum(last).mul(wanted.square().sum(last)).sqrt();
      collector.backward(dot.div(norms).neg().add(1).mean());
      return output.toFloatArray();
    }
  }

  /** Gradients of the logarithms of a linear: smoothing, weight steps, input steps. */
  List<double[]> gradients(String linear) {
    return logarithms.get(linear).stream()
        .map(log -> Values.doubles(log.getGradient().toFloatArray()))
        .toList();
  }

  private int channels(Operation operation) {
    return model.network().shape(operation.inputs().get(0)).channels();
  }

  private NDArray array(float[] values, long... shape) {
    return manager.create(values).reshape(new Shape(shape));
  }

  private NDArray parameter(String name) {
    float[] values = model.floats(name);
    return manager.create(values);
  }

  private static NDArray token(NDArray x, int t) {
    return x.get(new NDIndex(":, {}", t));
  }

  private static NDArray stack(List<NDArray> tokens) {
    return NDArrays.stack(new NDList(tokens), 1);
  }

  private NDArray apply(Operation operation, Map<String, NDArray> values) {
    NDArray x = values.get(operation.inputs().get(0));
    if (operation instanceof Operation.Linear op) {
      return linear(op, x);
    } else if (operation instanceof Operation.RmsNorm op) {
      NDArray mean = x.square().mean(new int[] {2}, true);
      return x.div(mean.add(op.eps()).sqrt()).mul(parameter(op.weight()));
    } else if (operation instanceof Operation.Channels op) {
      return x.get(new NDIndex(":, :, {}:{}", op.from(), op.to()));
    } else if (operation instanceof TokenOperation.Gather op) {
      return order(x, op.order().positions());
    } else if (operation instanceof TokenOperation.Scatter op) {
      return order(x, op.order().indices());
    } else if (operation instanceof TokenOperation.MeanTokens) {
      return x.mean(new int[] {1}, true);
    } else if (operation instanceof TokenOperation.RotatePairs op) {
      return rotate(op, x);
    } else if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      return depthwise(op, x);
    } else if (operation instanceof Operation.LayerNorm op) {
      return LayerNorm.layerNorm(
              x, new Shape(op.channels()), parameter(op.weight()), parameter(op.bias()), op.eps())
          .singletonOrThrow();
    } else if (operation instanceof Operation.Activate op) {
      return activate(op.activation(), x);
    } else if (operation instanceof Operation.ScaleChannels op) {
      return x.mul(values.get(op.factors()));
    } else if (operation instanceof Operation.CausalConvolution op) {
      return convolution(op, x);
    } else if (operation instanceof Operation.SelectiveScan op) {
      return scan(op, values);
    } else if (operation instanceof Operation.Merge op) {
      return op.inputs().stream()
          .map(values::get)
          .reduce(NDArray::add)
          .orElseThrow()
          .mul(op.factor());
    } else if (operation instanceof Operation.Gate op) {
      return x.mul(silu(values.get(op.gate())));
    } else if (operation instanceof Operation.Add op) {
      return x.add(values.get(op.right()));
    }
    throw new IllegalArgumentException("There is no formula of " + operation + ".");
  }

  private static NDArray order(NDArray x, int[] source) {
    List<NDArray> tokens = new ArrayList<>();
    for (int from : source) {
      tokens.add(from < 0 ? token(x, 0).zerosLike() : token(x, from));
    }
    return stack(tokens);
  }

  private static NDArray silu(NDArray x) {
    return x.mul(Activation.sigmoid(x));
  }

  private static NDArray activate(io.github.ptq4vm.network.Activation activation, NDArray x) {
    return switch (activation) {
      case NONE -> x;
      case SILU -> silu(x);
      case GELU -> Activation.gelu(x);
      case SIGMOID -> Activation.sigmoid(x);
    };
  }

  private NDArray rotate(TokenOperation.RotatePairs op, NDArray x) {
    NDArray even = x.get(new NDIndex(":, :, ::2"));
    NDArray odd = x.get(new NDIndex(":, :, 1::2"));
    NDArray other = NDArrays.stack(new NDList(odd.neg(), even), 3).reshape(x.getShape());
    NDArray cos = parameter(op.cos()).reshape(op.tokens(), op.channels());
    NDArray sin = parameter(op.sin()).reshape(op.tokens(), op.channels());
    return x.mul(cos).add(other.mul(sin));
  }

  private NDArray depthwise(GridOperation.DepthwiseConvolution2d op, NDArray x) {
    NDArray grid = x.transpose(0, 2, 1).reshape(images, op.channels(), op.height(), op.width());
    int padding = op.kernel() / 2;
    NDArray y =
        Conv2d.conv2d(
                grid,
                array(model.floats(op.weight()), op.channels(), 1, op.kernel(), op.kernel()),
                op.hasBias() ? parameter(op.bias()) : null,
                new Shape(1, 1),
                new Shape(padding, padding),
                new Shape(1, 1),
                op.channels())
            .singletonOrThrow();
    NDArray tokens = y.reshape(images, op.channels(), -1).transpose(0, 2, 1);
    return activate(op.activation(), tokens);
  }

  /** Rounded, passing the gradient, and clipped, passing it strictly inside alone. */
  private static NDArray code(NDArray u, NDArray low, NDArray high) {
    NDArray inside = u.gt(low).logicalAnd(u.lt(high)).toType(DataType.FLOAT32, false);
    NDArray outside = u.maximum(low).minimum(high).stopGradient().mul(inside.neg().add(1));
    NDArray v = u.mul(inside).add(outside);
    return v.add(v.round().sub(v).stopGradient());
  }

  private NDArray reciprocal(NDArray x) {
    return manager.create(1f).div(x);
  }

  private NDArray linear(Operation.Linear op, NDArray x) {
    LinearQuantizer q = quantizers.get(op.output());
    NDArray w = array(model.floats(op.weight()), op.outFeatures(), op.inFeatures());
    if (q == null) {
      NDArray y = x.matMul(w.transpose());
      return op.hasBias() ? y.add(parameter(op.bias())) : y;
    }
    NDList logs = logarithms.get(op.output());
    NDArray smoothing = manager.create(q.smoothing()).mul(logs.get(0).exp());
    NDArray weightStep = array(q.weightStep(), -1, 1).mul(logs.get(1).exp());
    NDArray quantized =
        quantizedInput(q, rotated(q, x).mul(reciprocal(smoothing)), logs.get(2).exp());
    NDArray weightCode;
    if (q.fixedCodes() == null) {
      NDArray bound = manager.create((float) q.precision().weightLimit());
      // To the same bits: the largest weights lie on the bounds, inside or outside by the last one.
      NDArray rotated =
          manager.create(Quantizers.rotated(q, model.floats(op.weight())), w.getShape());
      NDArray u = rotated.mul(smoothing).mul(reciprocal(weightStep));
      weightCode = code(u, bound.neg(), bound);
    } else {
      weightCode = manager.create(q.fixedCodes(), w.getShape()).toType(DataType.FLOAT32, false);
    }
    NDArray y = quantized.matMul(weightCode.mul(weightStep).transpose());
    return op.hasBias() ? y.add(parameter(op.bias())) : y;
  }

  private NDArray rotated(LinearQuantizer q, NDArray x) {
    int in = q.linear().inFeatures();
    // Row c of the rotated unit vectors is where channel c goes.
    return q.precision().rotation() == Rotation.NONE
        ? x
        : x.matMul(array(Quantizers.rotated(q, manager.eye(in).toFloatArray()), in, in));
  }

  /** Smoothed inputs, quantized. */
  private NDArray quantizedInput(LinearQuantizer q, NDArray v, NDArray factor) {
    float limit = q.precision().activationLimit();
    NDArray step;
    NDArray low;
    if (q.inputScale() instanceof InputScale.Static fixed) {
      step = array(fixed.step(), -1, 1).mul(factor);
      float[] lows = new float[fixed.zeroPoint().length];
      for (int t = 0; t < lows.length; t++) {
        lows[t] = -fixed.zeroPoint()[t];
      }
      low = array(lows, -1, 1);
    } else {
      NDArray share = factor.mul(((InputScale.Dynamic) q.inputScale()).share());
      NDArray zero = manager.create(0f);
      NDArray lo = v.min(new int[] {2}, true).minimum(zero).mul(share);
      NDArray hi = v.max(new int[] {2}, true).maximum(zero).mul(share);
      step = hi.sub(lo).mul(1 / limit).maximum(manager.create(1e-8f));
      low = lo.mul(reciprocal(step)).round().maximum(manager.create(-limit)).stopGradient();
    }
    return code(v.mul(reciprocal(step)), low, low.add(limit)).mul(step);
  }

  private NDArray convolution(Operation.CausalConvolution op, NDArray x) {
    NDArray weight = array(model.floats(op.weight()), op.channels(), op.width());
    List<NDArray> tokens = new ArrayList<>();
    for (int t = 0; t < x.getShape().get(1); t++) {
      NDArray sum = parameter(op.bias());
      for (int j = 0; j < op.width(); j++) {
        int source = t - (op.width() - 1) + j;
        if (source >= 0) {
          sum = sum.add(token(x, source).mul(weight.get(new NDIndex(":, {}", j))));
        }
      }
      tokens.add(silu(sum));
    }
    return stack(tokens);
  }

  private NDArray scan(Operation.SelectiveScan op, Map<String, NDArray> values) {
    NDArray u = values.get(op.u());
    NDArray delta = Activation.softPlus(values.get(op.dt()));
    NDArray a = array(model.floats(op.aLog()), op.channels(), op.states()).exp().neg();
    NDArray h = manager.zeros(new Shape(images, op.channels(), op.states()));
    List<NDArray> tokens = new ArrayList<>();
    for (int t = 0; t < u.getShape().get(1); t++) {
      NDArray d = token(delta, t);
      NDArray input = d.mul(token(u, t)).expandDims(2);
      NDArray b = token(values.get(op.b()), t).expandDims(1);
      NDArray c = token(values.get(op.c()), t).expandDims(1);
      h = d.expandDims(2).mul(a).exp().mul(h).add(input.mul(b));
      tokens.add(h.mul(c).sum(new int[] {2}).add(parameter(op.skip()).mul(token(u, t))));
    }
    return stack(tokens);
  }

  @Override
  public void close() {
    manager.close();
  }
}
