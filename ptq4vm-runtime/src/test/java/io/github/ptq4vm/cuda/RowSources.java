package io.github.ptq4vm.cuda;

import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.network.Activation;
import java.util.List;
import java.util.Random;

/** Row sources of every kind over random values, and the rows they stand for. */
final class RowSources {
  /** Kinds there are. */
  static final int KINDS = 11;

  private final KernelBench bench;
  private final Random random;
  private final StorageType type;
  private final int images;
  private final int tokens;
  private final int channels;
  private final int gap;

  /** What the last source stands for, in single precision. */
  private float[] merged = {};

  private float[] weight = {};
  private float[] bias = {};
  private float[] gate = {};
  private float[] expected = {};

  /**
   * Makes sources.
   *
   * @param gap elements between rows
   */
  RowSources(
      KernelBench bench,
      Random random,
      StorageType type,
      int images,
      int tokens,
      int channels,
      int gap) {
    this.bench = bench;
    this.random = random;
    this.type = type;
    this.images = images;
    this.tokens = tokens;
    this.channels = channels;
    this.gap = gap;
  }

  /** The source of a kind. */
  RowSource source(int kind) {
    return switch (kind) {
      case 0 -> sum(1, 1, false, false);
      case 1 -> sum(1, 1, true, false);
      case 2 -> sum(2, 0.5f, true, true);
      case 3 -> sum(4, 0.25f, true, false);
      case 4 -> sum(3, 1, false, true);
      case 5 -> table();
      case 6 -> rms(sum(2, 1, false, false));
      case 7 -> layer(sum(1, 1, false, false));
      case 8 -> gated(sum(2, 1, false, false));
      case 9 -> gated(layer(sum(4, 1, true, false)));
      default -> activated(sum(1, 1, false, false), Activation.GELU);
    };
  }

  /** The rows of the last source by docs/numerics.md, norms in double precision. */
  float[] expected() {
    return expected;
  }

  private RowSource sum(int inputs, float factor, boolean mapped, boolean scaled) {
    int size = images * tokens * channels;
    merged = new float[size];
    RowSource.Input[] terms = new RowSource.Input[inputs];
    for (int i = 0; i < inputs; i++) {
      float[] x = ScalarReference.values(random, size, type);
      float[] factors = ScalarReference.values(random, images * channels, type);
      int[] order = ScalarReference.order(random, tokens);
      DeviceValue value = bench.value(x, type, tokens, channels, channels + gap);
      terms[i] =
          mapped ? RowSource.Input.mapped(value, bench.ints(order)) : RowSource.Input.of(value);
      if (scaled) {
        terms[i] = terms[i].times(bench.value(factors, type, 1, channels, channels + gap));
      }
      for (int r = 0; r < images * tokens; r++) {
        int image = r / tokens;
        int from = mapped ? order[r % tokens] : r % tokens;
        for (int c = 0; c < channels; c++) {
          float term = from < 0 ? 0 : x[(image * tokens + from) * channels + c];
          merged[r * channels + c] += scaled ? term * factors[image * channels + c] : term;
        }
      }
    }
    for (int i = 0; i < size; i++) {
      merged[i] *= factor;
    }
    expected = merged.clone();
    return RowSource.sum(factor, tokens, channels, List.of(terms));
  }

  /** A value and a table that every image reads. */
  private RowSource table() {
    RowSource plain = sum(1, 1, false, false);
    float[] table = ScalarReference.floats(random, tokens * channels);
    for (int i = 0; i < expected.length; i++) {
      expected[i] += table[i % table.length];
    }
    return RowSource.sum(
        1,
        tokens,
        channels,
        List.of(
            plain.inputs().get(0),
            RowSource.Input.of(DeviceValue.table(bench.floats(table), channels))));
  }

  private RowSource rms(RowSource source) {
    weight = ScalarReference.floats(random, channels);
    norm(false, new float[channels]);
    return source.rmsNorm(bench.floats(weight), 1e-5f);
  }

  private RowSource layer(RowSource source) {
    weight = ScalarReference.floats(random, channels);
    bias = ScalarReference.floats(random, channels);
    norm(true, bias);
    return source.layerNorm(bench.floats(weight), bench.floats(bias), 1e-5f);
  }

  private void norm(boolean centred, float[] shift) {
    for (int r = 0; r < images * tokens; r++) {
      double mean = 0;
      double squares = 0;
      for (int c = 0; centred && c < channels; c++) {
        mean += (double) merged[r * channels + c] / channels;
      }
      for (int c = 0; c < channels; c++) {
        squares += Math.pow(merged[r * channels + c] - mean, 2) / channels;
      }
      for (int c = 0; c < channels; c++) {
        double normed = (merged[r * channels + c] - mean) / Math.sqrt(squares + 1e-5f);
        expected[r * channels + c] = (float) (normed * weight[c] + shift[c]);
      }
    }
  }

  private RowSource gated(RowSource source) {
    gate = ScalarReference.values(random, images * tokens * channels, type);
    for (int i = 0; i < gate.length; i++) {
      expected[i] *= (float) (gate[i] / (1 + Math.exp(-gate[i])));
    }
    return source.gated(bench.value(gate, type, tokens, channels, channels + gap));
  }

  /** What the scalar provider makes of values. */
  static float[] activated(Activation activation, float[] x) {
    float[] y = new float[x.length];
    ScalarReference.KERNELS.activate(
        activation,
        Matrix.of(x, 1, x.length),
        Matrix.of(y, 1, y.length),
        0,
        1,
        ScalarReference.scratch());
    return y;
  }

  private RowSource activated(RowSource source, Activation activation) {
    expected = activated(activation, expected);
    return source.activated(activation);
  }
}
