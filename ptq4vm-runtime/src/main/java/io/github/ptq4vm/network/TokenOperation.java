package io.github.ptq4vm.network;

import java.util.List;

/** Operations that add, move, pick or place tokens. */
public sealed interface TokenOperation extends Operation.Unary {

  /**
   * Inserts a learned token in front of position {@code position}: a class token.
   *
   * @param token parameter of shape {@code [1, 1, channels]}
   */
  record InsertToken(String output, String input, int channels, int position, String token)
      implements TokenOperation {
    /** Checks that sizes are possible. */
    public InsertToken {
      Shapes.requirePositive(output, "channels", channels);
      Shapes.requirePosition(output, position);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(token, 1, 1, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      Shapes.require(this, inputs, new ValueShape(in.tokens(), channels));
      if (position > in.tokens()) {
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
      implements TokenOperation {
    /** Checks that sizes are possible. */
    public AddTable {
      Shapes.requirePositive(output, "tokens, channels", tokens, channels);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(table, 1, tokens, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, new ValueShape(tokens, channels));
    }
  }

  /**
   * Rotates each pair of channels of each token by an angle of its own: rotary position embedding.
   * {@code y[2m] = x[2m]*cos[2m] - x[2m+1]*sin[2m]} and {@code y[2m+1] = x[2m+1]*cos[2m+1] +
   * x[2m]*sin[2m+1]}.
   *
   * @param channels an even number
   * @param cos parameter of shape {@code [tokens, channels]}
   * @param sin parameter of shape {@code [tokens, channels]}
   */
  record RotatePairs(String output, String input, int tokens, int channels, String cos, String sin)
      implements TokenOperation {
    /** Checks that sizes are possible and channels come in pairs. */
    public RotatePairs {
      Shapes.requirePositive(output, "tokens, channels", tokens, channels);
      if (channels % 2 != 0) {
        throw new InvalidNetworkException(
            "Operation \"" + output + "\": " + channels + " channels are not pairs.");
      }
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(Parameter.of(cos, tokens, channels), Parameter.of(sin, tokens, channels));
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return Shapes.require(this, inputs, new ValueShape(tokens, channels));
    }
  }

  /** Puts tokens into scan order: {@code y[i] = x[order.position(i)]}, zero where it is -1. */
  record Gather(String output, String input, TokenOrder order) implements TokenOperation {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      Shapes.require(this, inputs, new ValueShape(order.tokens(), in.channels()));
      return new ValueShape(order.length(), in.channels());
    }
  }

  /** Inverse of {@link Gather}: {@code y[order.position(i)] = x[i]}; zero tokens are dropped. */
  record Scatter(String output, String input, TokenOrder order) implements TokenOperation {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      Shapes.require(this, inputs, new ValueShape(order.length(), in.channels()));
      return new ValueShape(order.tokens(), in.channels());
    }
  }

  /** One token: the class token in front of the head. */
  record SelectToken(String output, String input, int position) implements TokenOperation {
    /** Checks that the position is possible. */
    public SelectToken {
      Shapes.requirePosition(output, position);
    }

    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      ValueShape in = inputs.get(0);
      if (position >= in.tokens()) {
        throw new InvalidNetworkException(
            "Operation \"" + output + "\" selects token " + position + " of " + in.tokens() + ".");
      }
      return new ValueShape(1, in.channels());
    }
  }

  /** The mean over tokens: {@code y[0][c] = mean_t x[t][c]}. */
  record MeanTokens(String output, String input) implements TokenOperation {
    @Override
    public ValueShape outputShape(List<ValueShape> inputs) {
      return new ValueShape(1, inputs.get(0).channels());
    }
  }
}
