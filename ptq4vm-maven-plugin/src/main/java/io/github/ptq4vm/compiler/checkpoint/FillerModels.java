package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Networks with weights of the {@link Filler}, among them those of the released models. */
public final class FillerModels {
  private static final ImageSize RELEASED = ImageSize.square(224);

  private FillerModels() {}

  /** Names {@link #byName(String)} knows. */
  public static List<String> names() {
    return ReleasedModels.names();
  }

  /**
   * A model at the size it was released for, 224 pixels.
   *
   * @param name one of {@link #names()}
   * @throws IllegalArgumentException if there is no such model
   */
  public static Model byName(String name) {
    return byName(name, RELEASED);
  }

  /**
   * A model for another image size: only the number of tokens differs.
   *
   * @param name one of {@link #names()}
   * @throws IllegalArgumentException if there is no such model or it does not fit the image
   */
  public static Model byName(String name, ImageSize size) {
    return fill(ReleasedModels.network(name, size));
  }

  /**
   * Any network with filler weights, by the keys of its checkpoint: what several parameters are
   * parts of is filled as a whole.
   */
  public static Model fill(Network network) {
    SortedMap<String, Source> sources = Source.of(network, Families.slices());
    SortedMap<String, Tensor> tensors = tensors(network);
    SortedMap<String, Tensor> parameters = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      Source source = sources.get(parameter.name());
      float[] data = ((Tensor.Floats) tensors.get(source.key())).data();
      parameters.put(
          parameter.name(), new Tensor.Floats(parameter.shape(), source.take().apply(data)));
    }
    return new Model(network, parameters);
  }

  /** The state dict a checkpoint of the network has, with filler weights. */
  public static SortedMap<String, Tensor> tensors(Network network) {
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    for (Source source : Source.of(network, Families.slices()).values()) {
      tensors.computeIfAbsent(source.key(), key -> tensor(network, key, source.shape()));
    }
    return tensors;
  }

  /** Rotary tables are no weights: they follow from the grid of patches. */
  private static Tensor tensor(Network network, String key, List<Integer> shape) {
    if (!key.equals(RotaryTables.COS) && !key.equals(RotaryTables.SIN)) {
      return Filler.parameter(key, shape);
    }
    GridOperation.Convolution2d patches =
        network.operations().stream()
            .filter(GridOperation.Convolution2d.class::isInstance)
            .map(GridOperation.Convolution2d.class::cast)
            .findFirst()
            .orElseThrow();
    SortedMap<String, Tensor.Floats> tables =
        RotaryTables.of(patches.outHeight(), patches.outWidth(), shape.get(1));
    Tensor.Floats table = tables.get(key);
    if (table == null) {
      throw new IllegalStateException("There is no rotary table \"" + key + "\".");
    }
    return table;
  }
}
