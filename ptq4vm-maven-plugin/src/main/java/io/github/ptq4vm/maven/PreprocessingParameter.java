package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.image.Preprocessing.Interpolation;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The element {@code <preprocessing>}. What it leaves out comes from the property of the same name
 * ({@code ptq4vm.resize}, {@code ptq4vm.crop}, {@code ptq4vm.interpolation}, {@code ptq4vm.mean},
 * {@code ptq4vm.std}), and otherwise from the image size.
 */
public final class PreprocessingParameter {
  /** Short side after resizing in pixels; 0 leaves the image as it is. */
  @Nullable Integer resize;

  /** Side of the centre crop in pixels; 0 for none. */
  @Nullable Integer crop;

  /** {@code bicubic} or {@code bilinear}. */
  @Nullable String interpolation;

  /** Mean of R, G and B, of values in [0, 1]. */
  @Nullable List<Double> mean;

  /** Standard deviation of R, G and B. */
  @Nullable List<Double> std;

  /**
   * The preprocessing that was asked for.
   *
   * @param imageSize size of the network's input; images are left as they are where it is not
   *     square, because a crop is
   * @param properties looks a property up by its full name; null where it is not set
   * @throws CompileException if a value is not usable
   */
  Preprocessing resolve(ImageSize imageSize, UnaryOperator<@Nullable String> properties) {
    Preprocessing square = Preprocessing.forImageSize(imageSize.height());
    Preprocessing defaults =
        imageSize.isSquare()
            ? square
            : new Preprocessing(0, 0, square.interpolation(), square.mean(), square.std());
    Lookup lookup = new Lookup(properties);
    try {
      return new Preprocessing(
          lookup.get(resize, "resize", Integer::valueOf, defaults.resize()),
          lookup.get(crop, "crop", Integer::valueOf, defaults.crop()),
          interpolation(lookup.get(interpolation, "interpolation", s -> s, "bicubic")),
          lookup.get(mean, "mean", PreprocessingParameter::numbers, defaults.mean()),
          lookup.get(std, "std", PreprocessingParameter::numbers, defaults.std()));
    } catch (IllegalArgumentException e) {
      throw new CompileException("<preprocessing> is not usable: " + e.getMessage(), e);
    }
  }

  private static Interpolation interpolation(String name) {
    return Arrays.stream(Interpolation.values())
        .filter(value -> value.name().equals(name.strip().toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "<interpolation> is \"" + name + "\" but must be bicubic or bilinear."));
  }

  private static List<Double> numbers(String list) {
    return Arrays.stream(list.split(",")).map(String::strip).map(Double::valueOf).toList();
  }

  private record Lookup(UnaryOperator<@Nullable String> properties) {
    <T> T get(@Nullable T element, String name, Function<String, T> parse, T fallback) {
      if (element != null) {
        return element;
      }
      String value = properties.apply("ptq4vm." + name);
      if (value == null) {
        return fallback;
      }
      try {
        return parse.apply(value.strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "the property ptq4vm." + name + " is \"" + value + "\", which is no number.", e);
      }
    }
  }
}
