package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The released model sizes with weights of the {@link Filler}. */
public final class FillerModels {
  private static final int RELEASED_IMAGE_SIZE = 224;
  private static final List<String> NAMES =
      List.of("vim_tiny", "vim_small", "vim_base", "vim_tiny_stride8", "vim_small_stride8");

  private FillerModels() {}

  /** Names {@link #byName(String)} knows. */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * A model at the size it was released for, 224 pixels.
   *
   * @param name one of {@link #names()}
   * @throws IllegalArgumentException if there is no such model
   */
  public static Model byName(String name) {
    return byName(name, RELEASED_IMAGE_SIZE);
  }

  /**
   * A model for another image size: only the number of tokens differs.
   *
   * @param name one of {@link #names()}
   * @param imageSize side of the square input in pixels
   * @throws IllegalArgumentException if there is no such model or no patch fits the image
   */
  public static Model byName(String name, int imageSize) {
    return switch (name) {
      case "vim_tiny" -> vim(192, 16, imageSize);
      case "vim_small" -> vim(384, 16, imageSize);
      case "vim_base" -> vim(768, 16, imageSize);
      case "vim_tiny_stride8" -> vim(192, 8, imageSize);
      case "vim_small_stride8" -> vim(384, 8, imageSize);
      default ->
          throw new IllegalArgumentException(
              "There is no model \"" + name + "\"; there are: " + String.join(", ", NAMES) + ".");
    };
  }

  /** Any network with filler weights. */
  public static Model fill(Network network) {
    SortedMap<String, Tensor> parameters = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      parameters.put(parameter.name(), Filler.parameter(parameter.name(), parameter.shape()));
    }
    return new Model(network, parameters);
  }

  private static Model vim(int dim, int stride, int imageSize) {
    return fill(
        new VisionMamba(dim, 2 * dim, 24, 16, dim / 16, 4, 16, stride, imageSize, 1000).network());
  }
}
