package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A value that is not stored but computed where it is read, in the grammar of {@link RowSource}: a
 * factor times a sum of stored rows, then a norm, a gate, an activation. Each method extends it by
 * an operation of the network, or answers null where the grammar has no place for that operation;
 * over a stored value every one fits. Immutable.
 *
 * @param gate or null
 * @param activation or {@link Activation#NONE}
 */
record RowExpression(
    List<Term> terms,
    int tokens,
    int channels,
    float factor,
    Norm norm,
    @Nullable ValuePlan gate,
    Activation activation) {

  /**
   * Rows of a stored value.
   *
   * @param map row of the value for each token, -1 for zeros; null for the row of the same number
   * @param factors one row of channels an image, or null
   */
  record Term(ValuePlan value, int @Nullable [] map, @Nullable ValuePlan factors) {
    private int row(int token) {
      return map == null ? token : map[token];
    }

    private Term through(int[] rows) {
      int[] composed = Arrays.stream(rows).map(row -> row < 0 ? -1 : row(row)).toArray();
      return new Term(value, composed, factors);
    }

    private Term channels(int from) {
      return new Term(value.channels(from), map, factors == null ? null : factors.channels(from));
    }

    private Term select(int token) {
      int row = row(token);
      return row < 0
          ? new Term(value, new int[] {-1}, factors)
          : new Term(value.row(row), null, factors);
    }
  }

  /**
   * A norm.
   *
   * @param weight address of its weight
   * @param bias address of its bias, or 0
   */
  record Norm(NormKind kind, long weight, long bias, float eps) {
    static final Norm NONE = new Norm(NormKind.NO_NORM, 0, 0, 0);
  }

  /** Takes an immutable copy of the terms. */
  RowExpression {
    terms = List.copyOf(terms);
  }

  /** A stored value. */
  static RowExpression of(ValuePlan value, int tokens, int channels) {
    return sum(List.of(new Term(value, null, null)), tokens, channels);
  }

  private static RowExpression sum(List<Term> terms, int tokens, int channels) {
    return new RowExpression(terms, tokens, channels, 1f, Norm.NONE, null, Activation.NONE);
  }

  /** The stored value this is without any change, or null. */
  @Nullable ValuePlan plain() {
    Term first = terms.get(0);
    return isRows() && first.map() == null ? first.value() : null;
  }

  /** Whether this is rows of one stored value in some order, so that it costs nothing to repeat. */
  boolean isRows() {
    return isSum() && factor == 1f && terms.size() == 1 && terms.get(0).factors() == null;
  }

  /** Whether nothing follows the sum. */
  private boolean isSum() {
    return norm.kind() == NormKind.NO_NORM && gate == null && activation == Activation.NONE;
  }

  /** Tokens in another order: token t is token {@code rows[t]} of this, or zeros if it is -1. */
  @Nullable RowExpression gather(int[] rows) {
    // A norm of zeros need not be zero, and the gate's rows have no map.
    boolean zeros = Arrays.stream(rows).anyMatch(row -> row < 0);
    if (gate != null || (zeros && !isSum())) {
      return null;
    }
    List<Term> mapped = terms.stream().map(term -> term.through(rows)).toList();
    return new RowExpression(mapped, rows.length, channels, factor, norm, null, activation);
  }

  /** The sum of this and another, in this order. */
  @Nullable RowExpression plus(RowExpression other) {
    // Only terms one by one from the left keep the order of additions.
    if (!isSum()
        || factor != 1f
        || !other.isSum()
        || other.factor != 1f
        || other.terms.size() > 1
        || terms.size() == KernelStruct.MAX_INPUTS) {
      return null;
    }
    return sum(Stream.concat(terms.stream(), other.terms.stream()).toList(), tokens, channels);
  }

  /** This times a number. */
  @Nullable RowExpression times(float number) {
    if (number == 1f) {
      return this;
    }
    return isSum() && factor == 1f
        ? new RowExpression(terms, tokens, channels, number, norm, gate, activation)
        : null;
  }

  /** Each channel times the factor of its image. */
  @Nullable RowExpression scaled(ValuePlan factors) {
    if (!isRows()) {
      return null;
    }
    Term term = terms.get(0);
    return sum(List.of(new Term(term.value(), term.map(), factors)), tokens, channels);
  }

  /** A norm over channels. */
  @Nullable RowExpression normed(Norm norm) {
    return isSum()
        ? new RowExpression(terms, tokens, channels, factor, norm, null, activation)
        : null;
  }

  /** Times SiLU of a stored value. */
  @Nullable RowExpression gated(ValuePlan gate) {
    return this.gate == null && activation == Activation.NONE
        ? new RowExpression(terms, tokens, channels, factor, norm, gate, activation)
        : null;
  }

  /** An elementwise function. */
  @Nullable RowExpression activated(Activation activation) {
    return this.activation == Activation.NONE
        ? new RowExpression(terms, tokens, channels, factor, norm, gate, activation)
        : null;
  }

  /** Some channels. */
  @Nullable RowExpression channels(int from, int to) {
    if (norm.kind() != NormKind.NO_NORM) {
      return null;
    }
    List<Term> some = terms.stream().map(term -> term.channels(from)).toList();
    ValuePlan gates = gate == null ? null : gate.channels(from);
    return new RowExpression(some, tokens, to - from, factor, norm, gates, activation);
  }

  /** One token. */
  RowExpression select(int token) {
    List<Term> row = terms.stream().map(term -> term.select(token)).toList();
    ValuePlan gates = gate == null ? null : gate.row(token);
    return new RowExpression(row, 1, channels, factor, norm, gates, activation);
  }

  /** Stored values and tables that are read. */
  List<ValuePlan> reads() {
    List<ValuePlan> reads = new ArrayList<>();
    for (Term term : terms) {
      reads.add(term.value());
      if (term.factors() != null) {
        reads.add(term.factors());
      }
    }
    if (gate != null) {
      reads.add(gate);
    }
    return reads;
  }
}
