package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32;

/** Parameters and images made from names alone, the way the golden values were made. */
public final class Filler {
  private Filler() {}

  /** A float model with every parameter filled. */
  public static Model model(Network network) {
    TreeMap<String, Tensor> parameters = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      parameters.put(
          parameter.name(),
          new Tensor.Floats(parameter.shape(), values(parameter.name(), parameter.shape())));
    }
    return new Model(network, parameters);
  }

  /** A batch of images, each planar. */
  public static float[][] images(int count, int height, int width) {
    int size = 3 * height * width;
    float[][] images = new float[count][size];
    long seed = seed("input");
    for (int i = 0; i < count * size; i++) {
      images[i / size][i % size] = (float) (2 * symmetric(seed, i));
    }
    return images;
  }

  static float[] values(String name, List<Integer> shape) {
    if (name.contains("freqs_")) {
      return rotation(name.endsWith("cos"), shape.get(0), shape.get(1));
    }
    String leaf = name.substring(name.lastIndexOf('.') + 1);
    if (leaf.matches("\\d")) {
      // One direction's part of a tensor that holds them all.
      String whole = name.substring(0, name.length() - 2);
      return values(whole, shape, Tensor.elements(shape) * Integer.parseInt(leaf));
    }
    return values(name, shape, 0);
  }

  private static float[] values(String name, List<Integer> shape, int first) {
    String leaf = name.substring(name.lastIndexOf('.') + 1);
    int last = shape.get(shape.size() - 1);
    int n = Tensor.elements(shape);
    double fanIn = (double) n / shape.get(0);
    boolean skip = leaf.matches("D|D_b|Ds|D_\\d");
    boolean stepBias =
        leaf.equals("dt_projs_bias") || leaf.equals("bias") && name.contains(".dt_proj");
    float[] values = new float[n];
    long seed = seed(name);
    for (int i = 0; i < n; i++) {
      double v = symmetric(seed, first + i);
      if (leaf.startsWith("A_")) {
        v = Math.log(1.0 + i % last) + 0.1 * v;
      } else if (skip) {
        v = 1 + 0.1 * v;
      } else if (stepBias) {
        v = -3 + v;
      } else if (shape.size() == 1 && leaf.equals("weight")) {
        v = 1 + 0.1 * v;
      } else if (shape.size() == 1 || name.equals("cls_token") || name.equals("pos_embed")) {
        v = 0.1 * v;
      } else {
        v = v / Math.sqrt(fanIn);
      }
      values[i] = (float) v;
    }
    return values;
  }

  /**
   * Rotary position embedding of a square grid: rows turn one half of the channels, columns the
   * other.
   */
  private static float[] rotation(boolean cos, int tokens, int channels) {
    int side = (int) Math.round(Math.sqrt(tokens));
    int half = channels / 2;
    float[] values = new float[tokens * channels];
    for (int i = 0; i < values.length; i++) {
      int token = i / channels;
      int channel = i % channels;
      int coordinate = channel < half ? token / side : token % side;
      double angle = coordinate * Math.pow(10000, -2.0 * (channel % half / 2) / half);
      values[i] = (float) (cos ? Math.cos(angle) : Math.sin(angle));
    }
    return values;
  }

  /** Where a name's numbers start. */
  private static long seed(String name) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.US_ASCII));
    return crc.getValue() << 32;
  }

  private static double symmetric(long seed, long index) {
    long z = seed + index + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return 2 * ((z >>> 40) / 0x1p24) - 1;
  }
}
