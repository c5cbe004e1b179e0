package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Weights of tokens against what changing a token does to the logits. */
class ImportanceTest {
  private static final int IMAGES = 3;

  private final float[][] images = Values.images(IMAGES, 32);

  @Test
  void weightsHaveAMeanOfOneAndAFloor() {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      Importance importance = Importance.of(interpreter, images);
      for (Operation.Linear linear : interpreter.network().quantizableLinears()) {
        float[] weights = importance.of(linear.output());
        assertThat(weights).hasSize(IMAGES * interpreter.network().shape(linear.output()).tokens());
        double sum = 0;
        for (float weight : weights) {
          assertThat(weight).isGreaterThanOrEqualTo(0.5f);
          sum += weight;
        }
        assertThat(sum / weights.length).isCloseTo(1, within(1e-5));
      }
    }
  }

  /** Behind the last block of a Vim only one token is read. */
  @Test
  void whatNothingReadsCountsForNothing() {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      List<Section> sections = interpreter.network().sections();
      int read =
          sections.get(sections.size() - 1).operations().stream()
              .filter(TokenOperation.SelectToken.class::isInstance)
              .mapToInt(operation -> ((TokenOperation.SelectToken) operation).position())
              .findFirst()
              .orElseThrow();
      String last = sections.get(sections.size() - 2).output();
      float[] weights = Importance.of(interpreter, images).of(last);
      int tokens = weights.length / IMAGES;
      for (int i = 0; i < weights.length; i++) {
        if (i % tokens == read) {
          assertThat(weights[i]).isGreaterThan(1);
        } else {
          assertThat(weights[i]).isEqualTo(0.5f);
        }
      }
    }
  }

  /** The order of tokens by weight is about that by how much noise on each moves the logits. */
  @Test
  void tokensThatMoveTheLogitsMoreCountMore() {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 1)) {
      List<Section> sections = interpreter.network().sections();
      Section block = sections.get(1);
      BatchRunner runner = new BatchRunner(interpreter);
      float[] stream = runner.runFirst(sections.get(0), images, Linears.FLOAT);
      stream = runner.run(block, stream, IMAGES, Linears.FLOAT, BatchRunner.Observer.NONE);
      int tokens = interpreter.network().shape(block.output()).tokens();
      int channels = interpreter.network().shape(block.output()).channels();
      float[] exact = rest(runner, sections, stream);
      double[] moved = new double[tokens];
      for (int t = 0; t < tokens; t++) {
        for (int trial = 0; trial < 8; trial++) {
          float[] noisy = stream.clone();
          float[] noise = Values.gaussian(100 * t + trial, channels);
          for (int c = 0; c < channels; c++) {
            // The first image; noise relative to the token, as weights of streams are.
            noisy[t * channels + c] += 1e-2f * noise[c] * norm(stream, t * channels, channels);
          }
          float[] logits = rest(runner, sections, noisy);
          for (int i = 0; i < logits.length; i++) {
            moved[t] += Math.pow((double) logits[i] - exact[i], 2);
          }
        }
      }
      float[] weights = Importance.of(interpreter, images).of(block.output());
      double correlation = correlation(moved, weights);
      assertThat(correlation).isGreaterThan(0.8);
    }
  }

  private static float norm(float[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (double) values[i] * values[i];
    }
    return (float) Math.sqrt(sum);
  }

  private static float[] rest(BatchRunner runner, List<Section> sections, float[] stream) {
    float[] value = stream;
    for (Section section : sections.subList(2, sections.size())) {
      value = runner.run(section, value, IMAGES, Linears.FLOAT, BatchRunner.Observer.NONE);
    }
    return value;
  }

  private static double correlation(double[] a, float[] b) {
    double n = a.length;
    double meanA = 0;
    double meanB = 0;
    for (int i = 0; i < n; i++) {
      meanA += a[i] / n;
      meanB += b[i] / n;
    }
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < n; i++) {
      ab += (a[i] - meanA) * (b[i] - meanB);
      aa += (a[i] - meanA) * (a[i] - meanA);
      bb += (b[i] - meanB) * (b[i] - meanB);
    }
    return ab / Math.sqrt(aa * bb);
  }

  @Test
  void sameNumbersOnEveryRun() {
    float[] first;
    float[] second;
    String name;
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      name = interpreter.network().quantizableLinears().get(0).output();
      first = Importance.of(interpreter, images).of(name);
    }
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      second = Importance.of(interpreter, images).of(name);
    }
    assertThat(second).isEqualTo(first);
  }

  @Test
  void evenMeansOnes() {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 1)) {
      Importance even = Importance.even(interpreter, IMAGES);
      assertThat(even.of(interpreter.network().sections().get(1).output())).containsOnly(1f);
      assertThatThrownBy(() -> even.of("nothing"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("nothing");
    }
  }
}
