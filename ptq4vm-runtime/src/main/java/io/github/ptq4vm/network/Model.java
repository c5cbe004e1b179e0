package io.github.ptq4vm.network;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A network with its parameters, float or quantized. The parameters are exactly those the network
 * names, of the types and shapes it states.
 */
public record Model(Network network, SortedMap<String, Tensor> parameters) {

  /**
   * Checks the parameters against the network.
   *
   * @throws InvalidNetworkException naming the first parameter that is missing, not needed, or of
   *     another type or shape
   */
  public Model {
    parameters = new TreeMap<>(parameters);
    for (Parameter wanted : network.parameters().values()) {
      Tensor tensor = parameters.get(wanted.name());
      if (tensor == null) {
        throw new InvalidNetworkException("The tensor \"" + wanted.name() + "\" is missing.");
      }
      if (tensor.type() != wanted.type() || !tensor.shape().equals(wanted.shape())) {
        throw new InvalidNetworkException(
            "The tensor \""
                + wanted.name()
                + "\" is "
                + tensor.type()
                + " "
                + tensor.shape()
                + " but the network needs "
                + wanted.type()
                + " "
                + wanted.shape()
                + ".");
      }
    }
    for (String name : parameters.keySet()) {
      if (!network.parameters().containsKey(name)) {
        throw new InvalidNetworkException("The network does not use the tensor \"" + name + "\".");
      }
    }
  }

  /** Data of a float parameter. */
  public float[] floats(String name) {
    return ((Tensor.Floats) get(name)).data();
  }

  /** Data of a byte parameter. */
  public byte[] bytes(String name) {
    return ((Tensor.Bytes) get(name)).data();
  }

  private Tensor get(String name) {
    Tensor tensor = parameters.get(name);
    if (tensor == null) {
      throw new InvalidNetworkException("There is no tensor \"" + name + "\".");
    }
    return tensor;
  }
}
