package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Turns a float model and its quantizers into the model the runtime loads. */
public final class Packing {
  private Packing() {}

  /**
   * The quantized model.
   *
   * @param quantizers by the linear's name; every quantizable linear needs one
   */
  public static Model pack(TensorInterpreter interpreter, Map<String, LinearQuantizer> quantizers) {
    Model model = interpreter.model();
    SortedMap<String, Tensor> parameters = new TreeMap<>(model.parameters());
    for (LinearQuantizer quantizer : quantizers.values()) {
      Operation.Linear linear = quantizer.linear();
      float[] codes = SimulatedLinear.weightCodes(interpreter, quantizer);
      parameters.put(
          linear.weight(),
          quantizer.precision().packsTwoWeights()
              ? nibbles(codes, linear.outFeatures(), linear.inFeatures())
              : bytes(codes, linear.outFeatures(), linear.inFeatures()));
      parameters.put(linear.weightStep(), floats(quantizer.weightStep()));
      parameters.put(linear.inputSmoothing(), floats(quantizer.reciprocalSmoothing()));
      if (quantizer.inputScale() instanceof InputScale.Static fixed) {
        parameters.put(linear.inputStep(), floats(fixed.step()));
        parameters.put(linear.inputZeroPoint(), zeroPoints(fixed.zeroPoint()));
      } else if (quantizer.inputScale() instanceof InputScale.Dynamic dynamic) {
        parameters.put(linear.inputRange(), floats(new float[] {dynamic.share()}));
      }
    }
    return new Model(
        model
            .network()
            .mapLinears(
                linear -> linear.withPrecision(quantizers.get(linear.output()).precision())),
        parameters);
  }

  private static Tensor floats(float[] values) {
    return new Tensor.Floats(List.of(values.length), values);
  }

  private static Tensor zeroPoints(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new Tensor.Bytes(ElementType.U8, List.of(values.length), bytes);
  }

  private static Tensor bytes(float[] codes, int outputs, int channels) {
    byte[] bytes = new byte[codes.length];
    for (int i = 0; i < codes.length; i++) {
      bytes[i] = (byte) codes[i];
    }
    return new Tensor.Bytes(ElementType.I8, List.of(outputs, channels), bytes);
  }

  private static Tensor nibbles(float[] codes, int outputs, int channels) {
    int width = (channels + 1) / 2;
    byte[] bytes = new byte[outputs * width];
    for (int o = 0; o < outputs; o++) {
      for (int c = 0; c < channels; c++) {
        int nibble = (int) codes[o * channels + c] & 0xf;
        bytes[o * width + c / 2] |= (byte) (c % 2 == 0 ? nibble : nibble << 4);
      }
    }
    return new Tensor.Bytes(ElementType.U8, List.of(outputs, width), bytes);
  }
}
