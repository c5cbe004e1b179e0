package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.network.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.zip.CRC32;

/**
 * Deterministic stand-ins for trained weights and images: a hash of name and index gives a uniform
 * number, the kind of tensor gives its scale. Golden values from the authors' own code exist for
 * them, so a whole network can be checked where no checkpoint may be shipped.
 */
public final class Filler {

  private Filler() {}

  /**
   * A number in {@code [0, 1)}: the upper 24 bits of a SplitMix64 step over the name's CRC-32 and
   * the index.
   *
   * @param name key, ASCII
   * @param index flat row-major index
   */
  public static double uniform(String name, long index) {
    return uniform(seed(name), index);
  }

  private static long seed(String name) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.US_ASCII));
    return crc.getValue() << 32;
  }

  private static double uniform(long seed, long index) {
    long z = seed + index + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 40) * 0x1p-24;
  }

  /**
   * The weights of a parameter: decay rates near those of a fresh state-space model, gains and
   * skips near 1, step-size biases near -3, everything else small enough to keep activations in
   * range.
   *
   * @param name state dict key, which decides the kind
   * @param shape extents, outermost first; at least one
   */
  public static Tensor.Floats parameter(String name, List<Integer> shape) {
    if (shape.isEmpty()) {
      throw new IllegalArgumentException("The parameter " + name + " needs at least one extent.");
    }
    IntToDoubleFunction base = base(name, shape);
    double factor = hasTenthOfNoise(name, shape) ? 0.1 : 1;
    double divisor = factor == 1 ? divisor(name, shape) : 1;
    long seed = seed(name);
    float[] data = new float[Tensor.elements(shape)];
    for (int i = 0; i < data.length; i++) {
      double signed = 2 * uniform(seed, i) - 1;
      data[i] = (float) (base.applyAsDouble(i) + factor * signed / divisor);
    }
    return new Tensor.Floats(shape, data);
  }

  /**
   * A normalised image of uniform noise in {@code [-2, 2)}, in the layout networks read.
   *
   * @param index which image of a batch
   * @param height rows
   * @param width columns
   * @return shape {@code [height * width, 3]}: pixels in raster order, RGB each. Values are
   *     numbered as in a batch of {@code [3, height, width]} planes.
   */
  public static Tensor.Floats image(int index, int height, int width) {
    int pixels = Math.multiplyExact(height, width);
    float[] data = new float[Math.multiplyExact(pixels, 3)];
    long seed = seed("input");
    for (int channel = 0; channel < 3; channel++) {
      long plane = (3L * index + channel) * pixels;
      for (int pixel = 0; pixel < pixels; pixel++) {
        data[3 * pixel + channel] = (float) (2 * (2 * uniform(seed, plane + pixel) - 1));
      }
    }
    return new Tensor.Floats(List.of(pixels, 3), data);
  }

  private static IntToDoubleFunction base(String name, List<Integer> shape) {
    if (isDecay(name)) {
      int states = shape.get(shape.size() - 1);
      return i -> Math.log(1.0 + i % states);
    }
    if (isSkip(name) || isGain(name, shape)) {
      return i -> 1;
    }
    return isStepBias(name) ? i -> -3 : i -> 0;
  }

  private static boolean hasTenthOfNoise(String name, List<Integer> shape) {
    boolean vector = shape.size() == 1 || name.equals("cls_token") || name.equals("pos_embed");
    return isDecay(name) || isSkip(name) || vector && !isStepBias(name);
  }

  private static double divisor(String name, List<Integer> shape) {
    if (isStepBias(name)) {
      return 1;
    }
    boolean perDirection = name.endsWith("x_proj_weight") || name.endsWith("dt_projs_weight");
    int inputs =
        perDirection
            ? shape.get(shape.size() - 1)
            : Tensor.elements(shape.subList(1, shape.size()));
    return Math.sqrt(inputs);
  }

  private static boolean isDecay(String name) {
    return leaf(name).startsWith("A_");
  }

  private static boolean isSkip(String name) {
    return leaf(name).matches("D|D_b|Ds|D_\\d+");
  }

  private static boolean isStepBias(String name) {
    return leaf(name).equals("dt_projs_bias") || name.matches("(.*\\.)?dt_proj[^.]*\\.bias");
  }

  private static boolean isGain(String name, List<Integer> shape) {
    return shape.size() == 1 && leaf(name).equals("weight");
  }

  private static String leaf(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
