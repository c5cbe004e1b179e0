package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import java.util.function.Supplier;

/** Places parameters in floating point among the constants. */
final class Floats {
  private final Model model;
  private final Constants constants;

  Floats(Model model, Constants constants) {
    this.model = model;
    this.constants = constants;
  }

  /** A parameter as it is. */
  long parameter(String name) {
    return constants.floats(name, () -> model.floats(name));
  }

  /** A parameter as it is, or 0 if its name is empty. */
  long optional(String name) {
    return name.isEmpty() ? 0 : parameter(name);
  }

  /** Decay rates of a scan: {@code -exp(aLog)}, rounded once. */
  long rates(String aLog) {
    return constants.floats(
        aLog + " rates",
        () -> {
          float[] logarithms = model.floats(aLog);
          float[] rates = new float[logarithms.length];
          for (int i = 0; i < rates.length; i++) {
            rates[i] = (float) -Math.exp(logarithms[i]);
          }
          return rates;
        });
  }

  /**
   * The weight of a depthwise convolution: {@code [channels, taps]} to {@code [taps, channels]}.
   */
  long channelsInnermost(String weight, int channels) {
    return constants.floats(
        weight + " taps",
        () -> DepthwiseGeometry.channelsInnermost(model.floats(weight), channels));
  }

  /** The weight of a linear for the kernels {@code dense}. */
  long weight(Operation.Linear linear, boolean half) {
    return dense(
        linear.weight(),
        () -> model.floats(linear.weight()),
        linear.outFeatures(),
        linear.inFeatures(),
        half);
  }

  /** The weight of a convolution for the kernels {@code dense}, channels last. */
  long weight(GridOperation.Convolution2d operation, boolean half) {
    int area = operation.kernel() * operation.kernel();
    return dense(
        operation.weight(),
        () -> channelsLast(operation, area),
        operation.outChannels(),
        area * operation.inChannels(),
        half);
  }

  private long dense(String name, Supplier<float[]> rows, int out, int k, boolean half) {
    return half
        ? constants.bytes(name + " halves", () -> HalfWeights.pad(rows.get(), out, k))
        : constants.floats(name + " rows", rows);
  }

  /** {@code [out, in, kernel, kernel]} to {@code [out, kernel, kernel, in]}. */
  private float[] channelsLast(GridOperation.Convolution2d operation, int area) {
    float[] weight = model.floats(operation.weight());
    int in = operation.inChannels();
    float[] permuted = new float[weight.length];
    for (int o = 0; o < operation.outChannels(); o++) {
      for (int c = 0; c < in; c++) {
        for (int i = 0; i < area; i++) {
          permuted[(o * area + i) * in + c] = weight[(o * in + c) * area + i];
        }
      }
    }
    return permuted;
  }
}
