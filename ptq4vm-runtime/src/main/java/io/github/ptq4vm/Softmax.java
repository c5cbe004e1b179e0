package io.github.ptq4vm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** From logits to predictions. The same logits give the same bits on every machine. */
final class Softmax {

  private Softmax() {}

  /**
   * The classes of the largest logits, best first; the lower index first where logits are equal.
   *
   * @param labels a label for each logit, or empty
   * @param count how many at most
   */
  static List<Prediction> top(float[] logits, List<String> labels, int count) {
    double[] probabilities = of(logits);
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparing((Integer i) -> -logits[i]));
    List<Prediction> top = new ArrayList<>();
    for (int i : Arrays.asList(order).subList(0, Math.min(count, order.length))) {
      String label = labels.isEmpty() ? Integer.toString(i) : labels.get(i);
      top.add(new Prediction(i, label, (float) probabilities[i]));
    }
    return top;
  }

  /** {@code exp(x[i] - max(x)) / sum_j exp(x[j] - max(x))} in double precision. */
  static double[] of(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double[] values = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = StrictMath.exp(logits[i] - max);
      sum += values[i];
    }
    for (int i = 0; i < values.length; i++) {
      values[i] /= sum;
    }
    return values;
  }
}
