package io.github.ptq4vm.benchmarks.cost;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.ValueShape;

/**
 * Operations an operation of a network takes for one image, by the formulas of {@code
 * docs/numerics.md}. How operations are fused changes none of them.
 */
public final class Arithmetic {
  /** Two products, rounding, the zero point, and a clamp of two comparisons. */
  static final int QUANTIZE = 6;

  /** The smallest and the largest value so far. */
  static final int MEASURE = 2;

  /** Zero-point correction, conversion, product of the steps, multiply-add with the bias. */
  static final int DEQUANTIZE = 4;

  /** Change of base, the addition, a reciprocal and the product, beside the exponential. */
  static final int SILU = 4;

  /** As SiLU without the product. */
  static final int SIGMOID = 3;

  /** Nine multiply-adds, a reciprocal, three squares, two halves, their sum, a multiply-add. */
  static final int GELU = 17;

  /** Change of base, addition, logarithm, change of base, maximum, beside the exponential. */
  static final int SOFTPLUS = 5;

  /** Step times u, and the skip. */
  static final int SCAN_TOKEN = 2;

  /** Exponent, input times B, the state's multiply-add and the output's. */
  static final int SCAN_STATE = 4;

  /** Square and sum, and two products. */
  static final int RMS_NORM = 3;

  /** Sum; difference, square and sum; a product and a multiply-add. */
  static final int LAYER_NORM = 5;

  private Arithmetic() {}

  /** Cost of an operation, without any bytes. */
  public static Work of(Network network, Operation operation) {
    ValueShape output = network.shape(operation.output());
    long size = output.size();
    Work work =
        operation instanceof GridOperation grid
            ? grid(grid, size)
            : operation instanceof TokenOperation token
                ? token(network, token, size)
                : channels(network, operation, output);
    boolean readsImage = operation.inputs().contains(Network.IMAGE);
    return readsImage ? work.plus(normalisation(network)) : work;
  }

  /** One multiply-add a byte of the image. */
  private static Work normalisation(Network network) {
    return Work.elementwise(network.shape(Network.IMAGE).size(), 0);
  }

  private static Work grid(GridOperation operation, long size) {
    if (operation instanceof GridOperation.Convolution2d dense) {
      return Work.half(size * dense.inChannels() * dense.kernel() * dense.kernel());
    }
    if (operation instanceof GridOperation.DepthwiseConvolution2d depthwise) {
      return Work.elementwise(size * depthwise.kernel() * depthwise.kernel(), 0)
          .plus(activation(depthwise.activation(), size));
    }
    return Work.NONE;
  }

  private static Work token(Network network, TokenOperation operation, long size) {
    if (operation instanceof TokenOperation.AddTable) {
      return Work.elementwise(size, 0);
    }
    if (operation instanceof TokenOperation.RotatePairs) {
      return Work.elementwise(2 * size, 0);
    }
    if (operation instanceof TokenOperation.MeanTokens) {
      return Work.elementwise(network.shape(operation.input()).size(), 0);
    }
    return Work.NONE;
  }

  private static Work channels(Network network, Operation operation, ValueShape output) {
    long size = output.size();
    if (operation instanceof Operation.Linear linear) {
      return linear(linear, output.tokens());
    }
    if (operation instanceof Operation.CausalConvolution convolution) {
      return Work.elementwise(size * convolution.width(), 0)
          .plus(activation(convolution.activation(), size));
    }
    if (operation instanceof Operation.SelectiveScan scan) {
      return Work.elementwise(
          size * (SOFTPLUS + SCAN_TOKEN + (long) SCAN_STATE * scan.states()),
          size * (1 + scan.states()));
    }
    if (operation instanceof Operation.Merge merge) {
      int products = merge.factor() == 1 ? 0 : 1;
      return Work.elementwise(size * (merge.inputs().size() - 1 + products), 0);
    }
    if (operation instanceof Operation.Gate) {
      return activation(Activation.SILU, size).plus(Work.elementwise(size, 0));
    }
    if (operation instanceof Operation.Activate activate) {
      return activation(activate.activation(), size);
    }
    if (operation instanceof Operation.RmsNorm) {
      return Work.elementwise(RMS_NORM * size, 0);
    }
    if (operation instanceof Operation.LayerNorm) {
      return Work.elementwise(LAYER_NORM * size, 0);
    }
    boolean copy = operation instanceof Operation.Channels;
    return Work.elementwise(copy ? 0 : size, 0);
  }

  private static Work linear(Operation.Linear linear, long tokens) {
    long in = linear.inFeatures();
    long products = tokens * in * linear.outFeatures();
    Precision precision = linear.precision();
    if (precision == null) {
      return Work.half(products);
    }
    long input = QUANTIZE * in;
    if (precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN) {
      input += MEASURE * in;
    }
    if (precision.rotation() == Rotation.HADAMARD) {
      input += rotation(linear.inFeatures());
    }
    return Work.integer(products)
        .plus(Work.elementwise(tokens * (input + DEQUANTIZE * (long) linear.outFeatures()), 0));
  }

  /** Signs and scale, the fast transform's additions, the dense factor's multiply-adds. */
  static long rotation(int channels) {
    ChannelRotation rotation = ChannelRotation.of(channels);
    int fast = Integer.numberOfTrailingZeros(rotation.length());
    int dense = rotation.base() == 1 ? 0 : rotation.base();
    return (long) channels * (1 + fast + dense);
  }

  private static Work activation(Activation activation, long size) {
    return switch (activation) {
      case NONE -> Work.NONE;
      case SILU -> Work.elementwise(SILU * size, size);
      case SIGMOID -> Work.elementwise(SIGMOID * size, size);
      case GELU -> Work.elementwise(GELU * size, 0);
    };
  }
}
