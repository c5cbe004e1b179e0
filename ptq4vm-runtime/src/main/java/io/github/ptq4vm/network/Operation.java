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
  sealed interface Unary extends Operation {
    /** Name of the value it reads. */
    String input();

    @Override
    default List<String> inputs() {
      return List.of(input());
    }
  }

  /**
   * Dense two-dimensional convolution of a grid held row-major as tokens, without padding: patch
   * embedding. {@code y[i*gw+j][o] = bias[o] + sum w[o][c][u][v] * x[(i*s+u)*W + j*s+v][c]}.
   *
   * @param height height of the input grid
   * @param width width of the input grid
   * @param kernel side of the square kernel
   * @param weight parameter of shape {@code [outChannels, inChannels, kernel, kernel]}
   * @param bias parameter of shape {@code [outChannels]}
   */
  record Convolution2d(
      String output,
      String input,
      int inChannels,
      int outChannels,
      int height,
      int width,
      int kernel,
      int stride,
      String weight,
      String bias)
      implements Unary {

    /** Checks that the kernel fits the grid. */
    public Convolution2d {
      if (kernel <= 0 || stride <= 0 || kernel > height || kernel > width) {
        throw new InvalidNetworkException(
            "Operation \""
                + output
                + "\": a kernel of "
                + kernel
                + " with stride "
                + stride
                + " does not fit a grid of "
                + height
                + " x "
                + width
                + ".");
      }
    }

    /** Rows of the output grid. */
    public int outHeight() {
      return (height - kernel) / stride + 1;
    }

    /** Columns of the output grid. */
    public int outWidth() {
      return (width - kernel) / stride + 1;
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(
          Parameter.of(weight, outChannels, inChannels, kernel, kernel),
          Parameter.of(bias, outChannels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      require(this, inputs, new ValueShape(height * width, inChannels));
      return new ValueShape(outHeight() * outWidth(), outChannels);
    }
  }

  /**
   * Inserts a learned token in front of position {@code position}: a class token.
   *
   * @param token parameter of shape {@code [1, 1, channels]}
   */
  record InsertToken(String output, String input, int channels, int position, String token)
      implements Unary {
    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(token, 1, 1, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      require(this, inputs, new ValueShape(in.tokens(), channels));
      if (position < 0 || position > in.tokens()) {
        throw new InvalidNetworkException(
            "Operation \""
                + output
                + "\" inserts a token at "
                + position
                + " of "
                + in.tokens()
                + ".");
      }
      return new ValueShape(in.tokens() + 1, channels);
    }
  }

  /**
   * Adds a learned table to every token: a position embedding.
   *
   * @param table parameter of shape {@code [1, tokens, channels]}
   */
  record AddTable(String output, String input, int tokens, int channels, String table)
      implements Unary {
    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(table, 1, tokens, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return require(this, inputs, new ValueShape(tokens, channels));
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
      return require(this, inputs, inputs.get(0), inputs.get(0));
    }
  }

  /**
   * Root mean square norm over channels: {@code x[t][c] / sqrt(mean_c(x[t]^2) + eps) * weight[c]}.
   *
   * @param weight parameter of shape {@code [channels]}
   */
  record RmsNorm(String output, String input, int channels, float eps, String weight)
      implements Unary {
    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(weight, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return require(this, inputs, new ValueShape(inputs.get(0).tokens(), channels));
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

    /** Name of the input's step sizes, {@code [tokens]}. */
    public String inputStep() {
      return output + ".input_step";
    }

    /** Name of the input's zero points, {@code [tokens]}, unsigned bytes. */
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
      list.add(Parameter.of(inputStep(), tokens));
      list.add(new Parameter(inputZeroPoint(), ElementType.U8, List.of(tokens)));
      if (hasBias()) {
        list.add(Parameter.of(bias, outFeatures));
      }
      return list;
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      require(this, inputs, new ValueShape(inputs.get(0).tokens(), inFeatures));
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

  /** Puts tokens into scan order: {@code y[i] = x[order.position(i)]}, zero where it is -1. */
  record Gather(String output, String input, TokenOrder order) implements Unary {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      require(this, inputs, new ValueShape(order.tokens(), in.channels()));
      return new ValueShape(order.length(), in.channels());
    }
  }

  /** Inverse of {@link Gather}: {@code y[order.position(i)] = x[i]}; zero tokens are dropped. */
  record Scatter(String output, String input, TokenOrder order) implements Unary {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      require(this, inputs, new ValueShape(order.length(), in.channels()));
      return new ValueShape(order.tokens(), in.channels());
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
    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(weight, channels, 1, width), Parameter.of(bias, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return require(this, inputs, new ValueShape(inputs.get(0).tokens(), channels));
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
      require(
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
      return require(this, shapes, expected);
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
      return require(this, inputs, inputs.get(0), inputs.get(0));
    }
  }

  /** One token: the class token in front of the head. */
  record SelectToken(String output, String input, int position) implements Unary {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      if (position < 0 || position >= in.tokens()) {
        throw new InvalidNetworkException(
            "Operation \"" + output + "\" selects token " + position + " of " + in.tokens() + ".");
      }
      return new ValueShape(1, in.channels());
    }
  }

  private static ValueShape require(
      Operation operation, List<ValueShape> actual, ValueShape... expected) {
    if (!actual.equals(List.of(expected))) {
      throw new InvalidNetworkException(
          "Operation \""
              + operation.output()
              + "\" expects inputs "
              + operation.inputs()
              + " of shape "
              + List.of(expected)
              + " but they are "
              + actual
              + ".");
    }
    return expected[0];
  }
}
