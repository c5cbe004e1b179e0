package io.github.ptq4vm.network;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One typed operation of a network: reads named values, uses named parameters, defines one value.
 * Formulas are for one image; {@code x[t][c]} is the input's token t, channel c.
 */
public sealed interface Operation {

  /** Name of the value the operation defines; unique in its network, and the operation's name. */
  String output();

  /** Names of the values it reads, in order. */
  List<String> inputs();

  /** Parameters it needs, in order. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /**
   * Shape of the output for given input shapes.
   *
   * @throws InvalidNetworkException if the operation cannot take such inputs
   */
  ValueShape outputShape(List<ValueShape> inputs);

  /** An operation that reads one value. */
  sealed interface Unary extends Operation
      permits GridOperation,
          TokenOperation,
          RmsNorm,
          LayerNorm,
          Linear,
          Channels,
          CausalConvolution,
          Activate {
    /** Name of the value it reads. */
    String input();

    @Override
    default List<String> inputs() {
      return List.of(input());
    }
  }

  /** Elementwise sum of two values of one shape: the residual stream. */
  record Add(String output, String left, String right) implements Operation {
    @Override
    public List<String> inputs() {
      return List.of(left, right);
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, inputs.get(0), inputs.get(0));
    }
  }

  /**
   * Root mean square norm over channels: {@code x[t][c] / sqrt(mean_c(x[t]^2) + eps) * weight[c]}.
   *
   * @param weight parameter of shape {@code [channels]}
   */
  record RmsNorm(String output, String input, int channels, float eps, String weight)
      implements Unary {
    /** Checks that sizes are possible and eps is positive. */
    public RmsNorm {
      Shapes.requirePositive(output, "channels", channels);
      Shapes.requireEps(output, eps);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(weight, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, new ValueShape(inputs.get(0).tokens(), channels));
    }
  }

  /**
   * Layer norm over channels: {@code (x[t][c] - mean) / sqrt(variance + eps) * weight[c] +
   * bias[c]}, the variance being the mean of the squared differences from the mean.
   *
   * @param weight parameter of shape {@code [channels]}
   * @param bias parameter of shape {@code [channels]}
   */
  record LayerNorm(String output, String input, int channels, float eps, String weight, String bias)
      implements Unary {
    /** Checks that sizes are possible and eps is positive. */
    public LayerNorm {
      Shapes.requirePositive(output, "channels", channels);
      Shapes.requireEps(output, eps);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(weight, channels), Parameter.of(bias, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, new ValueShape(inputs.get(0).tokens(), channels));
    }
  }

  /**
   * Linear over channels: {@code y[t][o] = sum_k w[o][k] * x[t][k] + bias[o]}, in float32 or, with
   * a {@link Precision}, quantized ({@code docs/numerics.md}).
   *
   * @param kind what the linear is in its block ({@code in_proj}, {@code x_proj}, ...): recipes are
   *     chosen by kind
   * @param weight name of the weight; of shape {@code [outFeatures, inFeatures]}
   * @param bias name of the bias of shape {@code [outFeatures]}, or empty for none
   * @param quantizable whether the method quantizes this linear
   * @param precision how it is quantized, or null for float32
   */
  record Linear(
      String output,
      String input,
      String kind,
      int inFeatures,
      int outFeatures,
      String weight,
      String bias,
      boolean quantizable,
      @Nullable Precision precision)
      implements Unary {
    /** Checks that sizes are possible. */
    public Linear {
      Shapes.requirePositive(output, "inFeatures, outFeatures", inFeatures, outFeatures);
    }

    /** Whether there is a bias. */
    public boolean hasBias() {
      return !bias.isEmpty();
    }

    /** The same linear with another precision. */
    public Linear withPrecision(@Nullable Precision precision) {
      return new Linear(
          output, input, kind, inFeatures, outFeatures, weight, bias, quantizable, precision);
    }

    /** Name of the weight step sizes, {@code [outFeatures]}, of a quantized linear. */
    public String weightStep() {
      return output + ".weight_step";
    }

    /**
     * Name of the reciprocal smoothing factors, {@code [inFeatures]}: the input is multiplied by
     * them.
     */
    public String inputSmoothing() {
      return output + ".input_smoothing";
    }

    /**
     * Name of the share of a token's own range that codes cover, {@code [1]}, where scales are
     * dynamic.
     */
    public String inputRange() {
      return output + ".input_range";
    }

    /** Name of the input's step sizes, {@code [tokens]}, where scales are static. */
    public String inputStep() {
      return output + ".input_step";
    }

    /**
     * Name of the input's zero points, {@code [tokens]}, unsigned bytes, where scales are static.
     */
    public String inputZeroPoint() {
      return output + ".input_zero_point";
    }

    /**
     * Float parameters; those of a quantized linear depend on the tokens, see {@link
     * #parameters(int)}.
     */
    @Override
    public List<Parameter> parameters() {
      if (precision != null) {
        throw new IllegalStateException("Ask for parameters(tokens) of a quantized linear.");
      }
      List<Parameter> list = new ArrayList<>();
      list.add(Parameter.of(weight, outFeatures, inFeatures));
      if (hasBias()) {
        list.add(Parameter.of(bias, outFeatures));
      }
      return list;
    }

    /**
     * Parameters for a given number of input tokens. A quantized weight is {@code I8 [out, in]}, or
     * for 4 bits and fewer {@code U8 [out, ceil(in/2)]} with the even channel's code in the low
     * nibble, two's complement.
     */
    public List<Parameter> parameters(int tokens) {
      if (precision == null) {
        return parameters();
      }
      List<Parameter> list = new ArrayList<>();
      list.add(
          precision.packsTwoWeights()
              ? new Parameter(weight, ElementType.U8, List.of(outFeatures, (inFeatures + 1) / 2))
              : new Parameter(weight, ElementType.I8, List.of(outFeatures, inFeatures)));
      list.add(Parameter.of(weightStep(), outFeatures));
      list.add(Parameter.of(inputSmoothing(), inFeatures));
      if (precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN) {
        list.add(Parameter.of(inputRange(), 1));
      } else {
        list.add(Parameter.of(inputStep(), tokens));
        list.add(new Parameter(inputZeroPoint(), ElementType.U8, List.of(tokens)));
      }
      if (hasBias()) {
        list.add(Parameter.of(bias, outFeatures));
      }
      return list;
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      Shapes.require(this, inputs, new ValueShape(inputs.get(0).tokens(), inFeatures));
      return new ValueShape(inputs.get(0).tokens(), outFeatures);
    }
  }

  /** A contiguous range of channels. */
  record Channels(String output, String input, int from, int to) implements Unary {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      if (from < 0 || to <= from || to > in.channels()) {
        throw new InvalidNetworkException(
            "Operation \""
                + output
                + "\" takes channels "
                + from
                + " to "
                + to
                + " of "
                + in.channels()
                + ".");
      }
      return new ValueShape(in.tokens(), to - from);
    }
  }

  /**
   * Causal depthwise convolution along tokens, then an activation: {@code y[t][c] = act(bias[c] +
   * sum_j w[c][0][j] * x[t-(width-1)+j][c])}, zeros before token 0.
   *
   * @param weight parameter of shape {@code [channels, 1, width]}
   * @param bias parameter of shape {@code [channels]}
   */
  record CausalConvolution(
      String output,
      String input,
      int channels,
      int width,
      String weight,
      String bias,
      Activation activation)
      implements Unary {
    /** Checks that sizes are possible. */
    public CausalConvolution {
      Shapes.requirePositive(output, "channels, width", channels, width);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(weight, channels, 1, width), Parameter.of(bias, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, new ValueShape(inputs.get(0).tokens(), channels));
    }
  }

  /**
   * Selective scan along tokens. For every channel d, with {@code delta = softplus(dt[t][d])},
   * {@code A = -exp(aLog)} and a state h of {@code states} floats that starts at zero: {@code h[n]
   * = exp(delta*A[d][n])*h[n] + delta*B[t][n]*u[t][d]}, then {@code y[t][d] = sum_n C[t][n]*h[n] +
   * skip[d]*u[t][d]}. State and arithmetic are float32.
   *
   * @param u value of {@code channels} channels
   * @param dt value of {@code channels} channels, before softplus, bias included
   * @param b value of {@code states} channels
   * @param c value of {@code states} channels
   * @param aLog parameter of shape {@code [channels, states]}
   * @param skip parameter of shape {@code [channels]}
   */
  record SelectiveScan(
      String output,
      String u,
      String dt,
      String b,
      String c,
      int channels,
      int states,
      String aLog,
      String skip)
      implements Operation {
    /** Checks that sizes are possible. */
    public SelectiveScan {
      Shapes.requirePositive(output, "channels, states", channels, states);
    }

    @Override
    public List<String> inputs() {
      return List.of(u, dt, b, c);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(aLog, channels, states), Parameter.of(skip, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      int tokens = inputs.get(0).tokens();
      Shapes.require(
          this,
          inputs,
          new ValueShape(tokens, channels),
          new ValueShape(tokens, channels),
          new ValueShape(tokens, states),
          new ValueShape(tokens, states));
      return new ValueShape(tokens, channels);
    }
  }

  /** {@code factor} times the sum of values of one shape: the merge of scan directions. */
  record Merge(String output, List<String> inputs, float factor) implements Operation {
    /** Takes an immutable copy of the inputs; there must be at least one. */
    public Merge {
      inputs = List.copyOf(inputs);
      if (inputs.isEmpty()) {
        throw new InvalidNetworkException("Operation \"" + output + "\" merges nothing.");
      }
    }

    @Override
    public ValueShape outputShape(List<ValueShape> shapes) {
      ValueShape[] expected = new ValueShape[shapes.size()];
      Arrays.fill(expected, shapes.get(0));
      return Shapes.require(this, shapes, expected);
    }
  }

  /** {@code y = x * SiLU(gate)}, elementwise. */
  record Gate(String output, String input, String gate) implements Operation {
    @Override
    public List<String> inputs() {
      return List.of(input, gate);
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, inputs.get(0), inputs.get(0));
    }
  }

  /** An elementwise function. */
  record Activate(String output, String input, Activation activation) implements Unary {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, inputs.get(0));
    }
  }

  /**
   * Multiplies each channel of every token by a factor: {@code y[t][c] = x[t][c]*factors[0][c]}.
   */
  record ScaleChannels(String output, String input, String factors) implements Operation {
    @Override
    public List<String> inputs() {
      return List.of(input, factors);
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      return Shapes.require(this, inputs, in, new ValueShape(1, in.channels()));
    }
  }
}
