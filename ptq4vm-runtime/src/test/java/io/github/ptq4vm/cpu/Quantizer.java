package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/** Quantized models with random codes and scales that suit values of about 1. */
public final class Quantizer {
  private Quantizer() {}

  public static Model model(Network network, int weightBits, int inputBits, long seed) {
    return model(network, Precision.staticPerToken(weightBits, inputBits), seed);
  }

  public static Model model(Network network, Precision precision, long seed) {
    return model(network, linear -> precision, seed);
  }

  /** A model whose linears are quantized each in a way of its own. */
  public static Model model(
      Network network, Function<Operation.Linear, Precision> precisions, long seed) {
    Random random = new Random(seed);
    Network quantized = network.mapLinears(l -> l.withPrecision(precisions.apply(l)));
    Map<String, Precision> owners = new HashMap<>();
    for (Operation.Linear linear : quantized.quantizableLinears()) {
      for (Parameter parameter : quantized.parametersOf(linear)) {
        owners.put(parameter.name(), linear.precision());
      }
    }
    TreeMap<String, Tensor> parameters = new TreeMap<>();
    for (Parameter parameter : quantized.parameters().values()) {
      Precision precision = owners.getOrDefault(parameter.name(), Precision.staticPerToken(8, 8));
      parameters.put(parameter.name(), tensor(parameter, precision, random));
    }
    return new Model(quantized, parameters);
  }

  private static Tensor tensor(Parameter parameter, Precision precision, Random random) {
    String name = parameter.name();
    int n = Tensor.elements(parameter.shape());
    int weightLimit = precision.weightLimit();
    if (parameter.type() == ElementType.F32) {
      float[] values = Filler.values(name, parameter.shape());
      for (int i = 0; i < n; i++) {
        float u = 0.5f + random.nextFloat();
        if (name.endsWith(".weight_step")) {
          values[i] = u * 0.2f / weightLimit;
        } else if (name.endsWith(".input_smoothing") || name.endsWith(".input_range")) {
          values[i] = u;
        } else if (name.endsWith(".input_step")) {
          values[i] = u * 3f / (1 << precision.activationBits());
        }
      }
      return new Tensor.Floats(parameter.shape(), values);
    }
    byte[] codes = new byte[n];
    if (name.endsWith(".input_zero_point")) {
      for (int i = 0; i < n; i++) {
        codes[i] = (byte) random.nextInt(1 << precision.activationBits());
      }
    } else {
      for (int i = 0; i < n; i++) {
        int even = random.nextInt(2 * weightLimit + 1) - weightLimit;
        int odd = random.nextInt(2 * weightLimit + 1) - weightLimit;
        codes[i] = (byte) (parameter.type() == ElementType.U8 ? even & 15 | odd << 4 : even);
      }
    }
    return new Tensor.Bytes(parameter.type(), parameter.shape(), codes);
  }
}
