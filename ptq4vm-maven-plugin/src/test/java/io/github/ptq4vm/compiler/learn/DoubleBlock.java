package io.github.ptq4vm.compiler.learn;

import io.github.ptq4vm.compiler.ExactActivation;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.InputScale;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.Quantizers;
import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;

/**
 * A block under fake quantization in double precision, as its formulas are written down, as a
 * function of the logarithms of smoothing factors and step sizes. What rounding added to a code and
 * whether it was clipped are those of a float run and stay as they are, so the function is smooth
 * and its slope is the straight-through gradient.
 */
final class DoubleBlock {
  private final Model model;
  private final Section section;
  private final int images;
  private final double[] input;
  private final Map<String, LinearQuantizer> quantizers;
  private final Map<String, Codes> inputCodes = new HashMap<>();
  private final Map<String, Codes> weightCodes = new HashMap<>();
  private final Map<String, Quantizers.Row[]> rows = new HashMap<>();
  private final Map<String, Integer> offsets = new HashMap<>();
  private final int parameters;

  /** Codes as they were, and what rounding added to them. */
  private static final class Codes {
    final double[] code;
    final boolean[] inside;
    final double[] residual;

    Codes(int size) {
      code = new double[size];
      inside = new boolean[size];
      residual = new double[size];
      Arrays.fill(residual, Double.NaN);
    }

    /** Takes in a code of the float run. */
    void freeze(int i, float u, float low, float high) {
      code[i] = Math.rint(Math.max(low, Math.min(high, u)));
      inside[i] = u > low && u < high;
    }

    /** The code at a point; the first one asked for is where rounding is measured. */
    double at(int i, double u) {
      if (Double.isNaN(residual[i])) {
        residual[i] = code[i] - u;
        if (inside[i] && Math.abs(residual[i]) > 0.501) {
          throw new AssertionError(
              "Code " + code[i] + " of the float run does not belong to " + u + ".");
        }
      }
      return inside[i] ? u + residual[i] : code[i];
    }
  }

  /**
   * Prepares the function.
   *
   * @param input stream in front of the block
   * @param values values of the float run by name
   */
  DoubleBlock(
      Model model,
      Section section,
      int images,
      float[] input,
      Map<String, LinearQuantizer> quantizers,
      Function<String, float[]> values) {
    this.model = model;
    this.section = section;
    this.images = images;
    this.input = Values.doubles(input);
    this.quantizers = new TreeMap<>(quantizers);
    int offset = 0;
    for (LinearQuantizer q : this.quantizers.values()) {
      offsets.put(q.linear().output(), offset);
      offset += q.smoothing().length + q.weightStep().length;
      offset += Quantizers.numbers(q.inputScale()).length;
      freeze(q, values.apply(q.linear().input()));
    }
    this.parameters = offset;
    output(new double[offset]);
  }

  private void freeze(LinearQuantizer q, float[] x) {
    int in = q.linear().inFeatures();
    float[] rotated = Quantizers.rotated(q, x);
    Codes codes = new Codes(x.length);
    Quantizers.Row[] scales = new Quantizers.Row[x.length / in];
    Arrays.setAll(scales, row -> Quantizers.row(q, rotated, row));
    for (int i = 0; i < x.length; i++) {
      Quantizers.Row row = scales[i / in];
      float u = rotated[i] * (1f / q.smoothing()[i % in]) * (1f / row.step());
      codes.freeze(i, u, -row.zeroPoint(), q.precision().activationLimit() - row.zeroPoint());
    }
    inputCodes.put(q.linear().output(), codes);
    rows.put(q.linear().output(), scales);
    if (q.fixedCodes() != null) {
      return;
    }
    float[] w = Quantizers.rotated(q, model.floats(q.linear().weight()));
    codes = new Codes(w.length);
    int limit = q.precision().weightLimit();
    for (int i = 0; i < w.length; i++) {
      codes.freeze(i, w[i] * q.smoothing()[i % in] * (1f / q.weightStep()[i / in]), -limit, limit);
    }
    weightCodes.put(q.linear().output(), codes);
  }

  /** Number of logarithms: by linear's name, smoothing, weight steps, then input steps. */
  int parameters() {
    return parameters;
  }

  /** The stream behind the block for changes of the logarithms. */
  double[] output(double[] logs) {
    Map<String, double[]> values = new HashMap<>();
    for (Operation operation : section.operations()) {
      operation.inputs().forEach(name -> values.putIfAbsent(name, input));
      values.put(operation.output(), apply(operation, values, logs));
    }
    return values.get(section.output());
  }

  private double[] apply(Operation operation, Map<String, double[]> values, double[] logs) {
    double[] x = values.get(operation.inputs().get(0));
    int channels = model.network().shape(operation.inputs().get(0)).channels();
    int tokens = model.network().shape(operation.inputs().get(0)).tokens();
    if (operation instanceof Operation.Linear op) {
      return linear(op, x, logs);
    } else if (operation instanceof Operation.RmsNorm op) {
      return norm(x, channels, op.eps(), model.floats(op.weight()));
    } else if (operation instanceof Operation.Channels op) {
      int width = op.to() - op.from();
      return map(x.length / channels * width, i -> x[i / width * channels + op.from() + i % width]);
    } else if (operation instanceof TokenOperation.Gather op) {
      return rows(x, tokens, channels, op.order().positions());
    } else if (operation instanceof TokenOperation.Scatter op) {
      return rows(x, tokens, channels, op.order().indices());
    } else if (operation instanceof TokenOperation.MeanTokens) {
      return map(images * channels, i -> mean(x, tokens, channels, i));
    } else if (operation instanceof TokenOperation.RotatePairs op) {
      float[] cos = model.floats(op.cos());
      float[] sin = model.floats(op.sin());
      return map(x.length, i -> rotate(x, i, cos[i % cos.length], sin[i % sin.length]));
    } else if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      return depthwise(op, x);
    } else if (operation instanceof Operation.CausalConvolution op) {
      return convolution(op, x, tokens);
    } else if (operation instanceof Operation.SelectiveScan op) {
      return scan(op, x, values, tokens);
    } else if (operation instanceof Operation.Merge op) {
      return map(
          x.length,
          i -> op.factor() * op.inputs().stream().mapToDouble(n -> values.get(n)[i]).sum());
    } else if (operation instanceof Operation.Gate op) {
      double[] z = values.get(op.gate());
      return map(x.length, i -> x[i] * ExactActivation.of(Activation.SILU, z[i]));
    } else if (operation instanceof Operation.LayerNorm op) {
      return layerNorm(op, x);
    } else if (operation instanceof Operation.Activate op) {
      return map(x.length, i -> ExactActivation.of(op.activation(), x[i]));
    } else if (operation instanceof Operation.ScaleChannels op) {
      double[] factors = values.get(op.factors());
      return map(x.length, i -> x[i] * factors[i / channels / tokens * channels + i % channels]);
    } else if (operation instanceof Operation.Add op) {
      double[] right = values.get(op.right());
      return map(x.length, i -> x[i] + right[i]);
    }
    throw new IllegalArgumentException("There is no formula of " + operation + ".");
  }

  private double[] linear(Operation.Linear op, double[] x, double[] logs) {
    LinearQuantizer q = quantizers.get(op.output());
    if (q == null) {
      return product(op, x, Values.doubles(model.floats(op.weight())));
    }
    int in = op.inFeatures();
    int out = op.outFeatures();
    int sigma = offsets.get(op.output());
    int weightStep = sigma + in;
    int inputStep = weightStep + out;
    Codes codes = inputCodes.get(op.output());
    double[] rotated = rotated(q, x);
    double[] v =
        map(x.length, i -> rotated[i] / q.smoothing()[i % in] / Math.exp(logs[sigma + i % in]));
    double[] steps = map(x.length / in, row -> step(q, v, row, logs, inputStep));
    double[] quantized = map(x.length, i -> steps[i / in] * codes.at(i, v[i] / steps[i / in]));
    byte[] fixed = q.fixedCodes();
    if (fixed != null) {
      double[] w =
          map(
              fixed.length,
              i -> fixed[i] * q.weightStep()[i / in] * Math.exp(logs[weightStep + i / in]));
      return product(op, quantized, w);
    }
    float[] weight = Quantizers.rotated(q, model.floats(op.weight()));
    Codes weights = weightCodes.get(op.output());
    double[] w =
        map(
            weight.length,
            i -> {
              double step = q.weightStep()[i / in] * Math.exp(logs[weightStep + i / in]);
              double s = q.smoothing()[i % in] * Math.exp(logs[sigma + i % in]);
              return step * weights.at(i, weight[i] * s / step);
            });
    return product(op, quantized, w);
  }

  private double[] rotated(LinearQuantizer q, double[] x) {
    int in = q.linear().inFeatures();
    if (q.precision().rotation() == Rotation.NONE) {
      return x;
    }
    float[] units = new float[in * in];
    for (int c = 0; c < in; c++) {
      units[c * in + c] = 1;
    }
    // Row c is where channel c goes.
    float[] matrix = Quantizers.rotated(q, units);
    return map(
        x.length,
        i -> {
          double sum = 0;
          for (int c = 0; c < in; c++) {
            sum += x[i / in * in + c] * matrix[c * in + i % in];
          }
          return sum;
        });
  }

  /** Step of a row; which of its values set it stays as it was in the float run. */
  private double step(LinearQuantizer q, double[] v, int row, double[] logs, int at) {
    Quantizers.Row was = rows.get(q.linear().output())[row];
    if (q.inputScale() instanceof InputScale.Static fixed) {
      int t = row % fixed.step().length;
      return fixed.step()[t] * Math.exp(logs[at + t]);
    }
    int in = q.linear().inFeatures();
    double share = ((InputScale.Dynamic) q.inputScale()).share() * Math.exp(logs[at]);
    double low = was.lowest() < 0 ? 0 : v[row * in + was.lowest()];
    double high = was.highest() < 0 ? 0 : v[row * in + was.highest()];
    return Math.max((high - low) * share / q.precision().activationLimit(), 1e-8);
  }

  private double[] product(Operation.Linear op, double[] x, double[] w) {
    int in = op.inFeatures();
    int out = op.outFeatures();
    float[] bias = op.hasBias() ? model.floats(op.bias()) : new float[out];
    return map(
        x.length / in * out,
        i -> {
          double sum = bias[i % out];
          for (int k = 0; k < in; k++) {
            sum += x[i / out * in + k] * w[i % out * in + k];
          }
          return sum;
        });
  }

  private static double[] norm(double[] x, int channels, float eps, float[] weight) {
    return map(
        x.length,
        i -> {
          double squares = 0;
          for (int c = 0; c < channels; c++) {
            double v = x[i / channels * channels + c];
            squares += v * v;
          }
          return x[i] / Math.sqrt(squares / channels + eps) * weight[i % channels];
        });
  }

  private double[] rows(double[] x, int tokens, int channels, int[] source) {
    return map(
        images * source.length * channels,
        i -> {
          int image = i / channels / source.length;
          int from = source[i / channels % source.length];
          return from < 0 ? 0 : x[(image * tokens + from) * channels + i % channels];
        });
  }

  private double[] layerNorm(Operation.LayerNorm op, double[] x) {
    float[] weight = model.floats(op.weight());
    float[] bias = model.floats(op.bias());
    int channels = op.channels();
    return map(
        x.length,
        i -> {
          double[] row = Arrays.copyOfRange(x, i - i % channels, i - i % channels + channels);
          double mean = Arrays.stream(row).sum() / channels;
          double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).sum() / channels;
          double normed = (x[i] - mean) / Math.sqrt(variance + op.eps());
          return normed * weight[i % channels] + bias[i % channels];
        });
  }

  private static double mean(double[] x, int tokens, int channels, int i) {
    double sum = 0;
    for (int t = 0; t < tokens; t++) {
      sum += x[(i / channels * tokens + t) * channels + i % channels];
    }
    return sum / tokens;
  }

  /** Channels come in pairs, so an even index is an even channel. */
  private static double rotate(double[] x, int i, double cos, double sin) {
    return x[i] * cos + (i % 2 == 0 ? -x[i + 1] : x[i - 1]) * sin;
  }

  private double[] depthwise(GridOperation.DepthwiseConvolution2d op, double[] x) {
    float[] weight = model.floats(op.weight());
    float[] bias = op.hasBias() ? model.floats(op.bias()) : new float[op.channels()];
    int middle = op.kernel() / 2;
    return map(
        x.length,
        i -> {
          int c = i % op.channels();
          int column = i / op.channels() % op.width();
          int row = i / op.channels() / op.width() % op.height();
          double sum = bias[c];
          for (int tap = 0; tap < op.kernel() * op.kernel(); tap++) {
            int down = tap / op.kernel() - middle;
            int across = tap % op.kernel() - middle;
            if (row + down >= 0
                && row + down < op.height()
                && column + across >= 0
                && column + across < op.width()) {
              sum +=
                  weight[c * op.kernel() * op.kernel() + tap]
                      * x[i + (down * op.width() + across) * op.channels()];
            }
          }
          return ExactActivation.of(op.activation(), sum);
        });
  }

  private double[] convolution(Operation.CausalConvolution op, double[] x, int tokens) {
    float[] weight = model.floats(op.weight());
    float[] bias = model.floats(op.bias());
    return map(
        x.length,
        i -> {
          int c = i % op.channels();
          double sum = bias[c];
          for (int j = 0; j < op.width(); j++) {
            int back = op.width() - 1 - j;
            if (i / op.channels() % tokens >= back) {
              sum += weight[c * op.width() + j] * x[i - back * op.channels()];
            }
          }
          return ExactActivation.of(op.activation(), sum);
        });
  }

  private double[] scan(
      Operation.SelectiveScan op, double[] u, Map<String, double[]> values, int tokens) {
    double[] dt = values.get(op.dt());
    double[] b = values.get(op.b());
    double[] c = values.get(op.c());
    float[] aLog = model.floats(op.aLog());
    float[] skip = model.floats(op.skip());
    double[] y = new double[u.length];
    double[] h = new double[op.channels() * op.states()];
    for (int i = 0; i < y.length; i++) {
      int d = i % op.channels();
      int row = i / op.channels();
      double delta = Math.log1p(Math.exp(dt[i]));
      y[i] = skip[d] * u[i];
      for (int n = 0; n < op.states(); n++) {
        int at = d * op.states() + n;
        double before = row % tokens == 0 ? 0 : h[at];
        h[at] =
            Math.exp(-delta * Math.exp(aLog[at])) * before
                + delta * b[row * op.states() + n] * u[i];
        y[i] += c[row * op.states() + n] * h[at];
      }
    }
    return y;
  }

  private static double[] map(int size, IntToDoubleFunction function) {
    double[] values = new double[size];
    Arrays.setAll(values, function);
    return values;
  }
}
