package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.Parallel;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.Torch.Matrix;

/**
 * Rounds a linear's weight by the second moments of its inputs (GPTQ, arXiv 2210.17323): channel
 * after channel, those of large inputs first, each making up for what rounding the ones before did
 * to the outputs. First the weight may move towards what best maps the quantized inputs of the
 * quantized stream to the float outputs of the float stream.
 */
final class HessianRounding {
  /** Share of the mean of the moments' diagonal that is added to it. */
  private static final double DAMPING = 0.01;

  private final TensorInterpreter interpreter;
  private final ClippingSearch search;
  private final LinearQuantizer start;
  private final float[] weight;
  private final Cholesky hessian;
  private final CodeDescent descent;

  /** From the weight to the best one, {@code inFeatures * outFeatures}. */
  private final double[] way;

  /**
   * Prepares rounding.
   *
   * @param start the linear's quantizer with weights rounded to nearest
   * @param moments of its inputs, as that quantizes them
   */
  HessianRounding(
      TensorInterpreter interpreter,
      ClippingSearch search,
      LinearQuantizer start,
      InputMoments moments) {
    this.interpreter = interpreter;
    this.search = search;
    this.start = start;
    this.weight = Smoothing.weight(start.weight(interpreter), start.smoothing());
    this.hessian =
        Cholesky.of(
            interpreter.parallel(), moments.quantized(), start.linear().inFeatures(), DAMPING);
    this.descent = new CodeDescent(moments.quantized(), start.linear().inFeatures(), DAMPING);
    this.way = way(moments);
  }

  /**
   * {@code (W* - W)^T} for {@code W* = W (X^T Xq + D) (Xq^T Xq + D)^-1}, X being the float inputs,
   * Xq the quantized ones and D the damping: the weight that brings quantized inputs nearest to the
   * float outputs, held back where inputs hardly move.
   */
  private double[] way(InputMoments moments) {
    int in = start.linear().inFeatures();
    int out = start.linear().outFeatures();
    float[] difference = new float[in * in];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = (float) (moments.crossed()[i] - moments.quantized()[i]);
    }
    float[] product = new float[in * out];
    interpreter
        .torch()
        .multiply(
            Matrix.transposed(difference, in, in), Matrix.transposed(weight, out, in), product);
    double[] found = new double[product.length];
    for (int i = 0; i < found.length; i++) {
      found[i] = product[i];
    }
    hessian.solve(interpreter.parallel(), found, out);
    return found;
  }

  /**
   * The quantizer with the weight moved and rounded.
   *
   * @param share of the way to the best weight for quantized inputs
   * @param descend whether codes and steps are improved afterwards
   */
  LinearQuantizer rounded(double share, boolean descend) {
    float[] moved = moved(share);
    int limit = start.precision().weightLimit();
    int channels = start.linear().inFeatures();
    float[] steps = search.weights(interpreter.parallel(), moved, channels, limit);
    byte[] codes = codes(interpreter.parallel(), hessian, moved, steps, limit);
    if (descend) {
      descent.improve(interpreter.parallel(), moved, steps, codes, limit);
    }
    return new LinearQuantizer(
        start.linear(), start.precision(), start.smoothing(), steps, start.inputScale(), codes);
  }

  /** The smoothed weight after a move. */
  float[] moved(double share) {
    int in = start.linear().inFeatures();
    int out = start.linear().outFeatures();
    float[] moved = new float[weight.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (weight[i] + share * way[i % in * out + i / in]);
    }
    return moved;
  }

  /**
   * Codes of a weight.
   *
   * @param weight rows of channels, smoothed
   * @param steps step sizes, one a row
   * @param limit largest code
   */
  static byte[] codes(
      Parallel parallel, Cholesky hessian, float[] weight, float[] steps, int limit) {
    byte[] codes = new byte[weight.length];
    int channels = weight.length / steps.length;
    hessian.round(
        parallel,
        weight,
        steps.length,
        (row, channel, wanted) -> {
          // Where there is nothing to make up for, the code is the one rounding to nearest gives.
          float u = (float) wanted * (1f / steps[row]);
          int code = (int) Math.rint(Math.max(-limit, Math.min(limit, u)));
          int i = row * channels + channel;
          codes[i] = (byte) code;
          return weight[i] - (double) code * steps[row];
        });
    return codes;
  }
}
