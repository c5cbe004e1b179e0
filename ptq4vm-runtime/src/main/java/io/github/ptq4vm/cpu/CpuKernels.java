package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.QuantizedWeights;
import org.jspecify.annotations.Nullable;

/**
 * A provider of the kernels that take the time. Each method prepares a kernel from weights once
 * (packs them, derives constants); the prepared kernel is immutable and may be used by many threads
 * at a time, each with its own {@link Scratch}. Results do not depend on how the work is split.
 *
 * <p>Formulas and bounds: {@code docs/numerics.md}.
 */
public interface CpuKernels {

  /** Short name: {@code scalar} or {@code vector}. */
  String name();

  /**
   * A float32 linear.
   *
   * @param weight row-major {@code [outFeatures, inFeatures]}
   * @param bias {@code [outFeatures]}, or null for none
   */
  Linear linear(float[] weight, float @Nullable [] bias, int outFeatures, int inFeatures);

  /** A quantized linear. */
  QuantizedLinear linear(QuantizedWeights weights);

  /**
   * A causal depthwise convolution along rows, followed by an activation.
   *
   * @param weight row-major {@code [channels, 1, width]}; the last tap is the current row
   * @param bias {@code [channels]}
   */
  Convolution convolution(
      float[] weight, float[] bias, int channels, int width, Activation activation);

  /**
   * A depthwise convolution on a grid of as many zeros beyond the edges as keep its size, followed
   * by an activation.
   *
   * @param weight row-major {@code [channels, 1, kernel, kernel]}
   * @param bias {@code [channels]}, or null for none
   */
  Convolution depthwise(
      float[] weight,
      float @Nullable [] bias,
      int channels,
      GridWindow window,
      Activation activation);

  /**
   * A selective scan along rows.
   *
   * @param aLog row-major {@code [channels, states]}; the decay rates are {@code -exp(aLog)}
   * @param skip {@code [channels]}
   */
  Scan scan(float[] aLog, float[] skip, int channels, int states);

  /**
   * A root mean square norm.
   *
   * @param weight gains, one a channel
   * @param eps added to the mean square
   */
  Norm rmsNorm(float[] weight, float eps);

  /**
   * A layer norm.
   *
   * @param weight gains, one a channel
   * @param bias one a channel
   * @param eps added to the variance
   */
  Norm layerNorm(float[] weight, float[] bias, float eps);

  /**
   * {@code y = (a + b) * factor}, elementwise, for rows {@code from} to {@code to - 1}; y may be a
   * or b.
   */
  void add(Matrix a, Matrix b, float factor, Matrix y, int from, int to);

  /** {@code y = x * SiLU(gate)}, elementwise, for rows {@code from} to {@code to - 1}. */
  void gate(Matrix x, Matrix gate, Matrix y, int from, int to, Scratch scratch);

  /**
   * {@code y = activation(x)}, elementwise, for rows {@code from} to {@code to - 1}; x and y must
   * not share memory.
   */
  void activate(Activation activation, Matrix x, Matrix y, int from, int to, Scratch scratch);

  /** The provider this machine and JVM are best served by, see {@link KernelProviders}. */
  static CpuKernels best() {
    return KernelProviders.select();
  }

  /** {@code y[t][o] = sum_k w[o][k] * x[t][k] + bias[o]}. */
  interface Linear {
    /** Computes rows {@code from} to {@code to - 1} of y; x and y must not share memory. */
    default void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
      apply(x, from, y, from, to, scratch);
    }

    /**
     * Computes rows {@code from} to {@code to - 1} of y from as many rows of x, of which the first
     * is row {@code first}. What comes before a linear (a norm, a gate) can so be computed a part
     * of the work at a time, into rows that are still in a cache, and what follows it (an addition,
     * an activation) on the rows of y. Rows for the purpose can be had from slot {@link
     * Scratch#OUTSIDE} of the scratch memory.
     */
    void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch);

    /**
     * Rows that one part of the work should have, of so many in all: follows from shapes alone.
     * Results are the same for any other number.
     */
    default int rowsPerPart(int rows) {
      return 24;
    }
  }

  /** A linear on codes: quantizes its input, sums in integers and scales the sums. */
  interface QuantizedLinear extends Linear {
    /** The integers behind an input: its codes and the sums. */
    QuantizedTrace trace(Matrix x);
  }

  /** Convolution of each channel with itself, along rows or on a grid held as rows. */
  interface Convolution {
    /** Computes rows {@code from} to {@code to - 1} of y; x and y must not share memory. */
    default void apply(Matrix x, Matrix y, int from, int to, Scratch scratch) {
      apply(x, null, y, from, to, scratch);
    }

    /**
     * The same with the tokens of x in another order, so that nobody has to copy them.
     *
     * @param inputRows row of x that holds each token, or null where its rows are in order
     */
    void apply(Matrix x, int @Nullable [] inputRows, Matrix y, int from, int to, Scratch scratch);
  }

  /** Norm of each row. */
  interface Norm {
    /** Computes rows {@code from} to {@code to - 1} of y. */
    void apply(Matrix x, Matrix y, int from, int to, Scratch scratch);
  }

  /** Selective scan along rows. */
  interface Scan {
    /**
     * Computes channels {@code from} to {@code to - 1} of y; y must not share memory with inputs.
     * Both bounds must be multiples of {@link #CHANNELS} or the number of channels.
     */
    default void apply(
        Matrix u, Matrix dt, Matrix b, Matrix c, Matrix y, int from, int to, Scratch scratch) {
      apply(u, null, dt, b, c, y, null, from, to, scratch);
    }

    /**
     * The same in another order of tokens: u and y may lie in an order of their own, so that nobody
     * has to copy them into that of the scan and back.
     *
     * @param inputRows row of u that holds each token, or null where its rows are in order
     * @param outputRows row of y that receives each token, or null where its rows are in order
     */
    void apply(
        Matrix u,
        int @Nullable [] inputRows,
        Matrix dt,
        Matrix b,
        Matrix c,
        Matrix y,
        int @Nullable [] outputRows,
        int from,
        int to,
        Scratch scratch);

    /** Channels that are scanned together; no vector register holds more. */
    int CHANNELS = 64;
  }
}
