package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.TokenOrder;
import io.github.ptq4vm.network.ValueShape;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Every operation straight from its formula, in double precision, on floats that are given. Written
 * for the eye, one element at a time, and sharing no code with the executor.
 */
record OperationOracle(Model model, Map<String, float[]> values) {

  /** Element {@code [t][c]} of the output of an operation. */
  double at(Operation operation, int t, int c) {
    if (operation instanceof GridOperation grid) {
      return grid(grid, t, c);
    }
    if (operation instanceof TokenOperation.InsertToken op) {
      return t == op.position()
          ? model.floats(op.token())[c]
          : value(op.input(), t < op.position() ? t : t - 1, c);
    }
    if (operation instanceof TokenOperation.AddTable op) {
      return value(op.input(), t, c) + model.floats(op.table())[t * op.channels() + c];
    }
    if (operation instanceof Operation.Add op) {
      return value(op.left(), t, c) + value(op.right(), t, c);
    }
    if (operation instanceof Operation.RmsNorm op) {
      double squares = 0;
      for (int k = 0; k < op.channels(); k++) {
        squares += Math.pow(value(op.input(), t, k), 2);
      }
      double norm = Math.sqrt(squares / op.channels() + op.eps());
      return value(op.input(), t, c) / norm * model.floats(op.weight())[c];
    }
    if (operation instanceof Operation.LayerNorm op) {
      double mean = 0;
      for (int k = 0; k < op.channels(); k++) {
        mean += value(op.input(), t, k) / (double) op.channels();
      }
      double variance = 0;
      for (int k = 0; k < op.channels(); k++) {
        variance += Math.pow(value(op.input(), t, k) - mean, 2) / op.channels();
      }
      double normed = (value(op.input(), t, c) - mean) / Math.sqrt(variance + op.eps());
      return normed * model.floats(op.weight())[c] + model.floats(op.bias())[c];
    }
    if (operation instanceof TokenOperation.RotatePairs op) {
      int at = t * op.channels() + c;
      double own = (double) value(op.input(), t, c) * model.floats(op.cos())[at];
      double sin = model.floats(op.sin())[at];
      return c % 2 == 0
          ? own - value(op.input(), t, c + 1) * sin
          : own + value(op.input(), t, c - 1) * sin;
    }
    if (operation instanceof TokenOperation.MeanTokens op) {
      int tokens = model.network().shape(op.input()).tokens();
      return IntStream.range(0, tokens).mapToDouble(s -> value(op.input(), s, c)).sum() / tokens;
    }
    if (operation instanceof Operation.ScaleChannels op) {
      return value(op.input(), t, c) * (double) value(op.factors(), 0, c);
    }
    if (operation instanceof Operation.Activate op) {
      return Exact.activation(op.activation(), value(op.input(), t, c));
    }
    if (operation instanceof Operation.Linear op) {
      return op.precision() == null ? linear(op, t, c) : quantized(op, op.precision(), t, c);
    }
    if (operation instanceof Operation.Channels op) {
      return value(op.input(), t, op.from() + c);
    }
    if (operation instanceof TokenOperation.Gather op) {
      int position = op.order().position(t);
      return position < 0 ? 0 : value(op.input(), position, c);
    }
    if (operation instanceof TokenOperation.Scatter op) {
      return value(op.input(), indexOf(op.order(), t), c);
    }
    if (operation instanceof Operation.CausalConvolution op) {
      double sum = model.floats(op.bias())[c];
      for (int j = 0; j < op.width(); j++) {
        int token = t - (op.width() - 1) + j;
        sum +=
            token < 0
                ? 0
                : model.floats(op.weight())[c * op.width() + j]
                    * (double) value(op.input(), token, c);
      }
      return Exact.activation(op.activation(), sum);
    }
    if (operation instanceof Operation.SelectiveScan op) {
      return scan(op, t, c);
    }
    if (operation instanceof Operation.Merge op) {
      return op.factor() * op.inputs().stream().mapToDouble(in -> value(in, t, c)).sum();
    }
    if (operation instanceof Operation.Gate op) {
      return value(op.input(), t, c) * Exact.activation(Activation.SILU, value(op.gate(), t, c));
    }
    if (operation instanceof TokenOperation.SelectToken op) {
      return value(op.input(), op.position(), c);
    }
    throw new AssertionError("No formula for " + operation);
  }

  private double grid(GridOperation operation, int t, int c) {
    if (operation instanceof GridOperation.Convolution2d op) {
      int top = t / op.outWidth() * op.stride() - op.padding();
      int left = t % op.outWidth() * op.stride() - op.padding();
      double sum = model.floats(op.bias())[c];
      for (int in = 0; in < op.inChannels(); in++) {
        for (int u = 0; u < op.kernel(); u++) {
          for (int v = 0; v < op.kernel(); v++) {
            int weight = ((c * op.inChannels() + in) * op.kernel() + u) * op.kernel() + v;
            sum +=
                model.floats(op.weight())[weight]
                    * pixel(op.input(), op.height(), op.width(), top + u, left + v, in);
          }
        }
      }
      return sum;
    }
    if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      int margin = (op.kernel() - 1) / 2;
      double sum = op.hasBias() ? model.floats(op.bias())[c] : 0;
      for (int u = 0; u < op.kernel(); u++) {
        for (int v = 0; v < op.kernel(); v++) {
          int row = t / op.width() - margin + u;
          int column = t % op.width() - margin + v;
          sum +=
              model.floats(op.weight())[(c * op.kernel() + u) * op.kernel() + v]
                  * pixel(op.input(), op.height(), op.width(), row, column, c);
        }
      }
      return Exact.activation(op.activation(), sum);
    }
    if (operation instanceof GridOperation.MergePatches op) {
      int[][] places = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
      int[] place = places[c / op.channels()];
      int row = 2 * (t / op.outWidth()) + place[0];
      int column = 2 * (t % op.outWidth()) + place[1];
      return pixel(op.input(), op.height(), op.width(), row, column, c % op.channels());
    }
    throw new AssertionError("No formula for " + operation);
  }

  /** A channel of a grid's position, zero outside the grid. */
  private double pixel(String name, int height, int width, int row, int column, int channel) {
    return row < 0 || row >= height || column < 0 || column >= width
        ? 0
        : value(name, row * width + column, channel);
  }

  private double linear(Operation.Linear op, int t, int o) {
    double sum = op.hasBias() ? model.floats(op.bias())[o] : 0;
    for (int k = 0; k < op.inFeatures(); k++) {
      sum += (double) model.floats(op.weight())[o * op.inFeatures() + k] * value(op.input(), t, k);
    }
    return sum;
  }

  private double quantized(Operation.Linear op, Precision precision, int t, int o) {
    float[] smoothed = new float[op.inFeatures()];
    for (int k = 0; k < op.inFeatures(); k++) {
      smoothed[k] = value(op.input(), t, k);
    }
    if (precision.rotation() == Rotation.HADAMARD) {
      ChannelRotation.of(op.inFeatures()).apply(smoothed);
    }
    float lo = 0;
    float hi = 0;
    for (int k = 0; k < op.inFeatures(); k++) {
      smoothed[k] *= model.floats(op.inputSmoothing())[k];
      lo = Math.min(lo, smoothed[k]);
      hi = Math.max(hi, smoothed[k]);
    }
    int zero;
    float step;
    if (precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN) {
      float share = model.floats(op.inputRange())[0];
      float reciprocal = 1f / precision.activationLimit();
      step = Math.max((hi * share - lo * share) * reciprocal, 1e-8f);
      double code = Math.rint((double) (-(lo * share) * (1f / step)));
      zero = (int) Math.min(precision.activationLimit(), code);
    } else {
      zero = Byte.toUnsignedInt(model.bytes(op.inputZeroPoint())[t]);
      step = model.floats(op.inputStep())[t];
    }
    long sum = 0;
    for (int k = 0; k < op.inFeatures(); k++) {
      double code = Math.rint((double) (smoothed[k] * (1f / step))) + zero;
      long clamped = (long) Math.max(0, Math.min(precision.activationLimit(), code));
      sum += (clamped - zero) * weightCode(op, precision, o, k);
    }
    double bias = op.hasBias() ? model.floats(op.bias())[o] : 0;
    return sum * ((double) step * model.floats(op.weightStep())[o]) + bias;
  }

  private int weightCode(Operation.Linear op, Precision precision, int o, int k) {
    byte[] stored = model.bytes(op.weight());
    if (!precision.packsTwoWeights()) {
      return stored[o * op.inFeatures() + k];
    }
    int pair = Byte.toUnsignedInt(stored[o * ((op.inFeatures() + 1) / 2) + k / 2]);
    int nibble = k % 2 == 0 ? pair % 16 : pair / 16;
    return nibble < 8 ? nibble : nibble - 16;
  }

  private double scan(Operation.SelectiveScan op, int t, int d) {
    double y = model.floats(op.skip())[d] * (double) value(op.u(), t, d);
    for (int n = 0; n < op.states(); n++) {
      double rate = -Math.exp(model.floats(op.aLog())[d * op.states() + n]);
      double h = 0;
      for (int s = 0; s <= t; s++) {
        double dt = value(op.dt(), s, d);
        double delta = dt > 20 ? dt : Math.log1p(Math.exp(dt));
        h = Math.exp(delta * rate) * h + delta * value(op.b(), s, n) * value(op.u(), s, d);
      }
      y += value(op.c(), t, n) * h;
    }
    return y;
  }

  private float value(String name, int t, int c) {
    ValueShape shape = model.network().shape(name);
    return values.get(name)[t * shape.channels() + c];
  }

  private static int indexOf(TokenOrder order, int position) {
    for (int i = 0; i < order.length(); i++) {
      if (order.position(i) == position) {
        return i;
      }
    }
    throw new AssertionError("Position " + position + " is not visited.");
  }
}
