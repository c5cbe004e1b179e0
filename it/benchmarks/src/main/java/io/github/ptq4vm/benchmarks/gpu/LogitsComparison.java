package io.github.ptq4vm.benchmarks.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How far logits of images are from what they should be.
 *
 * @param errors an image's distance relative to the norm of its logits, ascending; infinite where a
 *     logit is not a number
 * @param otherClass images whose best class is another one
 */
record LogitsComparison(List<Double> errors, List<OtherClass> otherClass) {

  /**
   * An image whose best class is another one.
   *
   * @param image its index
   * @param expected lead of the expected class over the found one, relative to the norm
   * @param found lead of the found class over the expected one, relative to the norm
   */
  record OtherClass(int image, double expected, double found) {}

  static LogitsComparison of(float[][] expected, float[][] actual) {
    if (expected.length != actual.length) {
      throw new IllegalArgumentException(
          actual.length + " images came back where " + expected.length + " went in.");
    }
    double[] errors = new double[expected.length];
    List<OtherClass> others = new ArrayList<>();
    for (int i = 0; i < expected.length; i++) {
      double norm = distance(expected[i], new float[expected[i].length]);
      double error = distance(expected[i], actual[i]) / norm;
      errors[i] = Double.isFinite(error) ? error : Double.POSITIVE_INFINITY;
      int wanted = best(expected[i]);
      int found = best(actual[i]);
      if (wanted != found) {
        others.add(
            new OtherClass(
                i,
                (expected[i][wanted] - expected[i][found]) / norm,
                (actual[i][found] - actual[i][wanted]) / norm));
      }
    }
    Arrays.sort(errors);
    return new LogitsComparison(Arrays.stream(errors).boxed().toList(), List.copyOf(others));
  }

  /** Number of images. */
  int images() {
    return errors.size();
  }

  /** The error that a share of the images, at most 1, does not exceed. */
  double quantile(double share) {
    return errors.get((int) Math.ceil(share * errors.size()) - 1);
  }

  private static double distance(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      double difference = (double) one[i] - other[i];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }
}
