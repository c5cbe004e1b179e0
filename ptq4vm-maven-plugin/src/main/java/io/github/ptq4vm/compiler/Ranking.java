package io.github.ptq4vm.compiler;

import io.github.ptq4vm.Prediction;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.compiler.VerifyResult.Accuracy;

/**
 * The best classes of images, best first.
 *
 * @param best for each image at most five classes
 */
record Ranking(int[][] best) {
  private static final int TOP = 5;

  /** The best classes by logits, ordered as the packaged model orders its own. */
  static int[] of(QuantizedModel model, float[] logits) {
    return model.topK(logits, TOP).stream().mapToInt(Prediction::index).toArray();
  }

  Accuracy accuracy(int[] labels) {
    int first = 0;
    int among = 0;
    for (int i = 0; i < labels.length; i++) {
      for (int place = 0; place < best[i].length; place++) {
        if (best[i][place] == labels[i]) {
          among++;
          first += place == 0 ? 1 : 0;
        }
      }
    }
    return new Accuracy((double) first / labels.length, (double) among / labels.length);
  }

  /** Share of images whose best class is the same. */
  double agreement(Ranking other) {
    int same = 0;
    for (int i = 0; i < best.length; i++) {
      same += best[i][0] == other.best[i][0] ? 1 : 0;
    }
    return (double) same / best.length;
  }
}
