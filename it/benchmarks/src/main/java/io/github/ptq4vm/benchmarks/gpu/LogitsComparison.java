package io.github.ptq4vm.benchmarks.gpu;

/**
 * How far logits of a batch are from what they should be.
 *
 * @param error largest distance of an image's logits, relative to their norm
 * @param images number of images
 * @param otherClass images whose best class is another one
 * @param margin of those, the largest difference between the two classes' logits, relative to the
 *     norm: how sure the expected logits were
 */
record LogitsComparison(double error, int images, int otherClass, double margin) {

  static LogitsComparison of(float[][] expected, float[][] actual) {
    if (expected.length != actual.length) {
      throw new IllegalArgumentException(
          actual.length + " images came back where " + expected.length + " went in.");
    }
    double error = 0;
    double margin = 0;
    int other = 0;
    for (int i = 0; i < expected.length; i++) {
      double norm = distance(expected[i], new float[expected[i].length]);
      // A NaN anywhere has to count as an error, not to vanish in a maximum.
      double distance = distance(expected[i], actual[i]) / norm;
      error = Double.isFinite(distance) ? Math.max(error, distance) : Double.POSITIVE_INFINITY;
      int wanted = best(expected[i]);
      int found = best(actual[i]);
      if (wanted != found) {
        other++;
        margin = Math.max(margin, (expected[i][wanted] - expected[i][found]) / norm);
      }
    }
    return new LogitsComparison(error, expected.length, other, margin);
  }

  /** Whether errors are within a bound, and classes differ only where the bound allows it. */
  boolean isWithin(double bound) {
    return error <= bound && margin <= 2 * bound;
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
