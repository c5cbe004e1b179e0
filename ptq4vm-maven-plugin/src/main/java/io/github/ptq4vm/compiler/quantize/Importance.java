package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.SectionRun;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * How much the tokens of each image count for the logits: the energy of the logits' gradient with
 * respect to a token, of the output of each quantizable linear and of the stream behind each block,
 * in the float model. An error of a token that nothing reads on counts for nothing, however large.
 *
 * <p>The gradients are those of sums of the logits with random signs: their squares' mean is the
 * sum over logits of each one's squared gradient, at the price of a pass or two instead of one a
 * class. Weighing second moments so is known of language models (GuidedQuant, arXiv 2505.07004).
 */
public final class Importance {
  /** Random sums of the logits whose gradients are taken. */
  private static final int PROJECTIONS = 2;

  /**
   * Share of a weight that all tokens have: a few gradients measure the rest with noise, and where
   * hardly any token counts there would be too few rows to know the second moments from.
   */
  private static final double EVEN = 0.5;

  /** Images that run at once. */
  private static final int CHUNK = 32;

  private final TensorInterpreter interpreter;
  private final int images;
  private final Map<String, float[]> weights = new HashMap<>();

  private Importance(TensorInterpreter interpreter, int images) {
    this.interpreter = interpreter;
    this.images = images;
  }

  /** All tokens count the same. */
  public static Importance even(TensorInterpreter interpreter, int images) {
    Importance importance = new Importance(interpreter, images);
    for (Section section : interpreter.network().sections()) {
      for (Operation operation : section.operations()) {
        int tokens = interpreter.network().shape(operation.output()).tokens();
        float[] ones = new float[images * tokens];
        Arrays.fill(ones, 1f);
        importance.weights.put(operation.output(), ones);
      }
    }
    return importance;
  }

  /** Runs the float model forwards and backwards on all images. */
  public static Importance of(TensorInterpreter interpreter, float[][] images) {
    Importance importance = new Importance(interpreter, images.length);
    List<Section> sections = interpreter.network().sections();
    BatchRunner runner = new BatchRunner(interpreter);
    for (int first = 0; first < images.length; first += CHUNK) {
      int last = Math.min(images.length, first + CHUNK);
      float[][] inputs = new float[sections.size()][];
      inputs[1] =
          runner.runFirst(sections.get(0), Arrays.copyOfRange(images, first, last), Linears.FLOAT);
      for (int i = 1; i + 1 < sections.size(); i++) {
        inputs[i + 1] =
            runner.run(
                sections.get(i), inputs[i], last - first, Linears.FLOAT, BatchRunner.Observer.NONE);
      }
      importance.backward(sections, inputs, first, last - first);
    }
    interpreter.trim();
    importance.settle();
    return importance;
  }

  private void backward(List<Section> sections, float[][] inputs, int first, int count) {
    float[][] gradients = new float[PROJECTIONS][];
    int classes = interpreter.network().classes();
    for (int p = 0; p < PROJECTIONS; p++) {
      gradients[p] = signs(first * classes, count * classes, p);
    }
    for (int i = sections.size() - 1; i > 0; i--) {
      Section section = sections.get(i);
      String input = sections.get(i - 1).output();
      SectionRun run =
          interpreter.recordWithInput(section, inputs[i], count, linear -> observed(linear, first));
      for (int p = 0; p < PROJECTIONS; p++) {
        if (section.block()) {
          add(section.output(), first, gradients[p], inputs[i + 1]);
        }
        run.backward(section.output(), gradients[p]);
        gradients[p] = run.gradient(input).clone();
      }
    }
  }

  private @Nullable LinearExecution observed(Operation.Linear linear, int first) {
    return linear.quantizable()
        ? interpreter.observed(linear, gradient -> add(linear.output(), first, gradient, null))
        : null;
  }

  /** Adds the energy of each row of a value's gradient, times the value's own energy if given. */
  private void add(String value, int first, float[] gradient, float @Nullable [] own) {
    int tokens = interpreter.network().shape(value).tokens();
    int channels = interpreter.network().shape(value).channels();
    float[] sums = weights.computeIfAbsent(value, name -> new float[images * tokens]);
    interpreter
        .parallel()
        .forRange(
            gradient.length / channels,
            (part, from, to) -> {
              for (int row = from; row < to; row++) {
                double energy = energy(gradient, row * channels, channels);
                sums[first * tokens + row] +=
                    (float) (own == null ? energy : energy * energy(own, row * channels, channels));
              }
            });
  }

  private static double energy(float[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (double) values[i] * values[i];
    }
    return sum;
  }

  /** Random signs, the same ones on every run and for an image whatever runs with it. */
  private static float[] signs(int from, int count, int projection) {
    float[] signs = new float[count];
    for (int i = 0; i < count; i++) {
      SplittableRandom random = new SplittableRandom((long) projection << 32 | (from + i));
      signs[i] = random.nextInt(2) * 2 - 1;
    }
    return signs;
  }

  /** Brings the mean of each value's weights to one, and every weight towards that. */
  private void settle() {
    for (float[] of : weights.values()) {
      double sum = 0;
      for (float weight : of) {
        sum += weight;
      }
      double mean = sum / of.length;
      for (int i = 0; i < of.length; i++) {
        of[i] = mean > 0 ? (float) (EVEN + (1 - EVEN) * of[i] / mean) : 1;
      }
    }
  }

  /**
   * Weights of the tokens of a value, image after image; their mean is one.
   *
   * @param value output of a quantizable linear or of a block
   */
  public float[] of(String value) {
    float[] found = weights.get(value);
    if (found == null) {
      throw new IllegalArgumentException("Nothing is known of the weight of \"" + value + "\".");
    }
    return found;
  }
}
