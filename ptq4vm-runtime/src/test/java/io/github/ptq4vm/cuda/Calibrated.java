package io.github.ptq4vm.cuda;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Providers;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Networks quantized so that they compute about what they compute in floating point: weights are
 * rounded to nearest, static scales cover what some images show. Unlike networks of random codes,
 * they are as little troubled by rounding elsewhere as real ones.
 */
final class Calibrated {
  private static final int IMAGES = 2;

  private final TreeMap<String, Tensor> parameters = new TreeMap<>();

  private Calibrated() {}

  static Model model(Network network, Function<Operation.Linear, Precision> precisions) {
    Model floats = Filler.model(network);
    Network quantized = network.mapLinears(l -> l.withPrecision(precisions.apply(l)));
    Calibrated calibrated = new Calibrated();
    try (CpuExecutor cpu = new CpuExecutor(floats, 1, Providers.SCALAR)) {
      float[][] images = Filler.images(IMAGES, network.height(), network.width());
      List<Map<String, float[]>> traces = new ArrayList<>();
      for (float[] image : images) {
        traces.add(
            cpu.trace(
                image,
                network.quantizableLinears().stream()
                    .map(Operation.Linear::input)
                    .collect(Collectors.toSet())));
      }
      for (Operation.Linear linear : quantized.quantizableLinears()) {
        calibrated.quantize(
            linear,
            floats.floats(linear.weight()).clone(),
            traces.stream().map(t -> t.get(linear.input()).clone()).toArray(float[][]::new));
      }
    }
    for (Parameter parameter : quantized.parameters().values()) {
      if (!calibrated.parameters.containsKey(parameter.name())) {
        calibrated.add(parameter.name(), floats.floats(parameter.name()), parameter);
      }
    }
    return new Model(quantized, calibrated.parameters);
  }

  private void add(String name, float[] values, Parameter parameter) {
    parameters.put(name, new Tensor.Floats(parameter.shape(), values));
  }

  private void quantize(Operation.Linear linear, float[] weight, float[][] inputs) {
    Precision precision = linear.precision();
    int in = linear.inFeatures();
    if (precision.rotation() == Rotation.HADAMARD) {
      // The transform is orthogonal: rows turn as inputs do.
      ChannelRotation.of(in).apply(weight);
      for (float[] input : inputs) {
        ChannelRotation.of(in).apply(input);
      }
    }
    weight(linear, weight);
    int tokens = inputs[0].length / in;
    for (Parameter parameter : linear.parameters(tokens)) {
      if (parameter.name().equals(linear.inputSmoothing())
          || parameter.name().equals(linear.inputRange())) {
        float[] ones = new float[Tensor.elements(parameter.shape())];
        Arrays.fill(ones, 1f);
        add(parameter.name(), ones, parameter);
      }
    }
    if (precision.scale() == ActivationScale.STATIC_PER_TOKEN) {
      scales(linear, inputs, tokens);
    }
  }

  private void weight(Operation.Linear linear, float[] weight) {
    Precision precision = linear.precision();
    int in = linear.inFeatures();
    int out = linear.outFeatures();
    boolean packed = precision.packsTwoWeights();
    int rowBytes = packed ? (in + 1) / 2 : in;
    byte[] codes = new byte[out * rowBytes];
    float[] steps = new float[out];
    for (int o = 0; o < out; o++) {
      float largest = 1e-6f;
      for (int k = 0; k < in; k++) {
        largest = Math.max(largest, Math.abs(weight[o * in + k]));
      }
      steps[o] = largest / precision.weightLimit();
      for (int k = 0; k < in; k++) {
        int code = Math.round(weight[o * in + k] / steps[o]);
        if (packed) {
          codes[o * rowBytes + k / 2] |= (byte) (k % 2 == 0 ? code & 15 : code << 4);
        } else {
          codes[o * rowBytes + k] = (byte) code;
        }
      }
    }
    for (Parameter parameter : linear.parameters(1)) {
      if (parameter.name().equals(linear.weight())) {
        parameters.put(
            parameter.name(), new Tensor.Bytes(parameter.type(), parameter.shape(), codes));
      } else if (parameter.name().equals(linear.weightStep())) {
        add(parameter.name(), steps, parameter);
      }
    }
  }

  private void scales(Operation.Linear linear, float[][] inputs, int tokens) {
    int limit = linear.precision().activationLimit();
    int in = linear.inFeatures();
    float[] steps = new float[tokens];
    byte[] zeroPoints = new byte[tokens];
    for (int t = 0; t < tokens; t++) {
      float lo = 0;
      float hi = 1e-4f;
      for (float[] input : inputs) {
        for (int k = 0; k < in; k++) {
          lo = Math.min(lo, input[t * in + k]);
          hi = Math.max(hi, input[t * in + k]);
        }
      }
      steps[t] = (hi - lo) / limit;
      zeroPoints[t] = (byte) Math.min(limit, Math.round(-lo / steps[t]));
    }
    for (Parameter parameter : linear.parameters(tokens)) {
      if (parameter.name().equals(linear.inputStep())) {
        add(parameter.name(), steps, parameter);
      } else if (parameter.name().equals(linear.inputZeroPoint())) {
        parameters.put(
            parameter.name(), new Tensor.Bytes(ElementType.U8, parameter.shape(), zeroPoints));
      }
    }
  }
}
