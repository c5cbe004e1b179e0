package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.ErrorKernel;
import io.github.ptq4vm.compiler.tensor.Parallel;

/**
 * The search for step sizes (spec ptq4vm.md 1.5): of a number of ranges, each the observed one
 * moved in or out by a share of its width, the one with the least error wins.
 *
 * <p>The published search scores a range on the values that set it, which cannot tell that unseen
 * images will leave it. The default is cross-fitted instead: images are split in two halves, each
 * half scores the ranges the other half set, wider ones among them, and the share with the least
 * error of both is applied to the range of all images ({@code docs/method.md}).
 *
 * @param candidates number of ranges
 * @param widest share of the observed width by which both ends move out at most
 * @param narrowest share by which both ends move in at most
 * @param crossFit whether images score ranges other images set
 * @param power exponent of the error of activations
 */
public record ClippingSearch(
    int candidates, double widest, double narrowest, boolean crossFit, float power) {

  /** Exponent of the published search; weights keep it: squares serve 4 bits by 1 dB worse. */
  private static final float POWER = 2.4f;

  /** The default: cross-fitted, from twice the observed range to nearly fully clipped. */
  public static ClippingSearch crossFitted() {
    return new ClippingSearch(100, 0.5, 0.49, true, 2f);
  }

  /**
   * The default without cross-fit, for comparison: images score ranges they set themselves, so
   * nothing wider can win.
   */
  public static ClippingSearch selfScored() {
    return new ClippingSearch(100, 0, 0.49, false, 2f);
  }

  /** The search as published, for comparison: 1 % to 100 % of the way to the middle. */
  public static ClippingSearch published() {
    return new ClippingSearch(100, -0.01, 1.0, false, POWER);
  }

  /**
   * Searches step sizes and zero points of activations.
   *
   * @param input {@code images * tokens} rows of channels
   * @param reciprocal reciprocal smoothing factors
   * @param limit largest code
   */
  public InputScale.Static activations(
      Parallel parallel, float[] input, int tokens, float[] reciprocal, int limit) {
    int channels = reciprocal.length;
    int images = input.length / (tokens * channels);
    float[] steps = new float[tokens];
    int[] zeroPoints = new int[tokens];
    parallel.forRange(
        tokens,
        (part, from, to) -> {
          float[] smoothed = new float[images * channels];
          for (int t = from; t < to; t++) {
            for (int image = 0; image < images; image++) {
              int start = (image * tokens + t) * channels;
              for (int c = 0; c < channels; c++) {
                smoothed[image * channels + c] = input[start + c] * reciprocal[c];
              }
            }
            Affine best = activations(smoothed, images, channels, limit);
            steps[t] = best.step;
            zeroPoints[t] = best.zeroPoint;
          }
        });
    return new InputScale.Static(steps, zeroPoints);
  }

  private Affine activations(float[] values, int images, int channels, int limit) {
    // Odd and even images; with a single image there is nothing to hold out.
    int groups = crossFit && images > 1 ? 2 : 1;
    double[] errors = new double[candidates];
    for (int group = 0; group < groups; group++) {
      Range seen = Range.of(values, images, channels, group, groups);
      for (int i = 0; i < candidates; i++) {
        Affine affine = seen.moved(share(i)).affine(limit);
        for (int image = groups - 1 - group; image < images; image += groups) {
          errors[i] +=
              ErrorKernel.sum(
                  values,
                  image * channels,
                  channels,
                  affine.step,
                  -affine.zeroPoint,
                  limit - affine.zeroPoint,
                  power);
        }
      }
    }
    Range all = Range.of(values, images, channels, 0, 1);
    return all.moved(share(smallest(errors))).affine(limit);
  }

  /**
   * Searches step sizes of weights; there is nothing unseen about a weight, so no range is wider
   * than the observed one.
   *
   * @param weight {@code outputs} rows of channels, already multiplied by the smoothing factors
   * @param limit largest code
   */
  public float[] weights(Parallel parallel, float[] weight, int channels, int limit) {
    float[] steps = new float[weight.length / channels];
    parallel.forRange(
        steps.length,
        (part, from, to) -> {
          double[] errors = new double[100];
          for (int o = from; o < to; o++) {
            float largest = 0;
            for (int c = 0; c < channels; c++) {
              largest = Math.max(largest, Math.abs(weight[o * channels + c]));
            }
            for (int i = 0; i < errors.length; i++) {
              errors[i] =
                  ErrorKernel.sum(
                      weight,
                      o * channels,
                      channels,
                      weightStep(largest, i, errors.length, limit),
                      -limit,
                      limit,
                      POWER);
            }
            steps[o] = weightStep(largest, smallest(errors), errors.length, limit);
          }
        });
    return steps;
  }

  private static float weightStep(float largest, int index, int count, int limit) {
    return Math.max(largest * (index + 1) / count / limit, LinearQuantizer.SMALLEST);
  }

  private double share(int index) {
    return -widest + (narrowest + widest) * index / (candidates - 1);
  }

  private static int smallest(double[] errors) {
    int best = 0;
    for (int i = 1; i < errors.length; i++) {
      if (errors[i] < errors[best]) {
        best = i;
      }
    }
    return best;
  }

  private record Affine(float step, int zeroPoint) {}

  private record Range(float low, float high) {

    static Range of(float[] values, int images, int channels, int first, int stride) {
      float low = Float.POSITIVE_INFINITY;
      float high = Float.NEGATIVE_INFINITY;
      for (int image = first; image < images; image += stride) {
        for (int c = 0; c < channels; c++) {
          float v = values[image * channels + c];
          low = Math.min(low, v);
          high = Math.max(high, v);
        }
      }
      return new Range(low, high);
    }

    Range moved(double share) {
      return new Range(
          (float) (low * (1 - share) + high * share), (float) (low * share + high * (1 - share)));
    }

    /** Step size and zero point of the range made to hold zero. */
    Affine affine(int limit) {
      float l = Math.min(low, 0);
      float h = Math.max(high, 0);
      float step = Math.max((h - l) / limit, LinearQuantizer.SMALLEST);
      int zeroPoint = (int) Math.max(0, Math.min(limit, -Math.rint(l / step)));
      return new Affine(step, zeroPoint);
    }
  }
}
