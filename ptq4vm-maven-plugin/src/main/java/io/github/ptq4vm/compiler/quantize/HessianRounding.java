package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.Parallel;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.Torch.Matrix;
import java.util.List;

/**
 * Rounds a linear's weight by the second moments of its inputs (GPTQ, arXiv 2210.17323): channel
 * after channel, those of large inputs first, each making up for what rounding the ones before did
 * to the outputs. First the weight may move towards what best maps the quantized inputs of the
 * quantized stream to the float outputs of the float stream.
 */
final class HessianRounding {
  /** Share of the mean of the moments' diagonal that is added to it. */
  private static final double DAMPING = 0.01;

  /**
   * How a weight W moves before it is rounded: to {@code W + share (W* - W)}, {@code W* = W (X^T Xq
   * + lambda D) (Xq^T Xq + lambda D)^-1}, D being the mean of the diagonal of {@code Xq^T Xq}.
   *
   * @param share how far of the way
   * @param lambda how much W* itself is held back
   */
  record Move(double share, double lambda) {}

  /** The moves worth trying. */
  static final List<Move> MOVES =
      List.of(
          new Move(0, DAMPING),
          new Move(0.25, DAMPING),
          new Move(0.5, DAMPING),
          new Move(0.5, 10 * DAMPING));

  private final TensorInterpreter interpreter;
  private final ClippingSearch search;
  private final LinearQuantizer start;
  private final InputMoments moments;
  private final float[] weight;
  private final Cholesky hessian;

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
    this.moments = moments;
    this.weight = Smoothing.weight(start.weight(interpreter), start.smoothing());
    this.hessian =
        Cholesky.of(
            interpreter.parallel(), moments.quantized(), start.linear().inFeatures(), DAMPING);
  }

  /** The quantizer with the weight moved and rounded. */
  LinearQuantizer rounded(Move move) {
    float[] moved = moved(move);
    int limit = start.precision().weightLimit();
    int channels = start.linear().inFeatures();
    float[] steps = search.weights(interpreter.parallel(), moved, channels, limit);
    return new LinearQuantizer(
        start.linear(),
        start.precision(),
        start.smoothing(),
        steps,
        start.inputScale(),
        codes(interpreter.parallel(), hessian, moved, steps, limit));
  }

  /** The smoothed weight after a move. */
  float[] moved(Move move) {
    if (move.share() == 0) {
      return weight;
    }
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
    double[] way = new double[product.length];
    for (int i = 0; i < way.length; i++) {
      way[i] = product[i];
    }
    Cholesky held =
        move.lambda() == DAMPING
            ? hessian
            : Cholesky.of(interpreter.parallel(), moments.quantized(), in, move.lambda());
    held.solve(interpreter.parallel(), way, out);
    float[] moved = new float[weight.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (weight[i] + move.share() * way[i % in * out + i / in]);
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
