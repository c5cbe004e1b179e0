package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Takes a network's parameters from a safetensors file. */
final class WeightsReader {

  private WeightsReader() {}

  /**
   * Reads the parameters.
   *
   * @param file all bytes of the file
   * @param fileName what messages call the file
   * @throws CorruptModelException if the file does not hold exactly the network's parameters, or
   *     one is not finite
   */
  static Model read(Network network, byte[] file, String fileName) {
    Map<String, SafetensorsHeader.Entry> entries = SafetensorsHeader.read(file, fileName).entries();
    TreeMap<String, Tensor> tensors = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      SafetensorsHeader.Entry entry = entries.get(parameter.name());
      if (entry == null
          || !entry.dtype().equals(parameter.type().name())
          || !entry.shape().equals(parameter.shape())) {
        throw new CorruptModelException(
            "The network needs the tensor \""
                + parameter.name()
                + "\" as "
                + parameter.type()
                + " "
                + parameter.shape()
                + ", but "
                + fileName
                + (entry == null
                    ? " does not have it. "
                    : " has it as " + entry.dtype() + " " + entry.shape() + ". ")
                + "Get the jar again from where it came from.");
      }
      tensors.put(parameter.name(), tensor(parameter, file, entry, fileName));
    }
    for (String name : entries.keySet()) {
      if (!tensors.containsKey(name)) {
        throw new CorruptModelException(
            fileName
                + " has the tensor \""
                + name
                + "\", which the network does not use. Get the jar again from where it came from.");
      }
    }
    return new Model(network, tensors);
  }

  private static Tensor tensor(
      Parameter parameter, byte[] file, SafetensorsHeader.Entry entry, String fileName) {
    int begin = (int) entry.begin();
    int length = (int) entry.bytes();
    if (parameter.type() == ElementType.F32) {
      float[] data = new float[length / Float.BYTES];
      ByteBuffer.wrap(file, begin, length).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(data);
      requireFinite(parameter.name(), data, fileName);
      return new Tensor.Floats(parameter.shape(), data);
    }
    return new Tensor.Bytes(
        parameter.type(), parameter.shape(), Arrays.copyOfRange(file, begin, begin + length));
  }

  private static void requireFinite(String name, float[] data, String fileName) {
    for (int i = 0; i < data.length; i++) {
      if (!Float.isFinite(data[i])) {
        throw new CorruptModelException(
            "The tensor \""
                + name
                + "\" in "
                + fileName
                + " holds "
                + data[i]
                + " at index "
                + i
                + ", but weights are finite. Get the jar again from where it came from.");
      }
    }
  }
}
