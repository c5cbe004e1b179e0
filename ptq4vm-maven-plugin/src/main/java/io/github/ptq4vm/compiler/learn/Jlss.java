package io.github.ptq4vm.compiler.learn;

import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.SectionRun;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * JLSS of one block (spec ptq4vm.md 3.4): smoothing factors, weight steps and input steps of all
 * its quantized linears learn together, by true gradients through the whole block, to bring the
 * stream after the block back to the float model's. The block's input is the quantized prefix's
 * output.
 *
 * <p>One image in eight is held out and judges by what the block does to the logits: the parameters
 * kept are those of the best moment, the start included, so learning never ends worse than it
 * began.
 */
public final class Jlss {
  private static final int HELD_OUT = 8;
  private static final int JUDGEMENTS = 5;

  private final TensorInterpreter interpreter;
  private final Recipe recipe;
  private final Section section;
  private final int images;
  private final float[] input;
  private final float[] target;
  private final int inputSize;
  private final int channels;
  private final int outputSize;

  /**
   * Prepares the learning of a block.
   *
   * @param input output of the quantized prefix for all calibration images
   * @param target output of the float block for them
   */
  public Jlss(
      TensorInterpreter interpreter,
      Recipe recipe,
      Section section,
      int images,
      float[] input,
      float[] target) {
    this.interpreter = interpreter;
    this.recipe = recipe;
    this.section = section;
    this.images = images;
    this.input = input;
    this.target = target;
    this.inputSize = input.length / images;
    this.outputSize = target.length / images;
    this.channels = interpreter.network().shape(section.output()).channels();
  }

  /**
   * What learning brought.
   *
   * @param quantizers by the linear's name
   * @param before mean of the judges' losses at the start
   * @param after mean of their losses at the moment kept
   */
  public record Outcome(Map<String, LinearQuantizer> quantizers, double before, double after) {}

  /** Scores the block's output for the {@link #judges}, lower is better. */
  @FunctionalInterface
  public interface Judge {
    /** The loss of each image of an output, image after image. */
    double[] losses(float[] output);
  }

  /** Images that are held out: the last of every eight, or all when there are fewer than eight. */
  public static int[] judges(int images) {
    return pick(images, images < HELD_OUT ? 1 : HELD_OUT, true);
  }

  /**
   * Learns.
   *
   * @param start quantizers of the block by the linear's name
   * @param judge scores outputs for the judges
   * @param progress hears the number of steps done
   */
  public Outcome learn(Map<String, LinearQuantizer> start, Judge judge, IntConsumer progress) {
    Map<String, LearningLinear> linears = new TreeMap<>();
    start.forEach((name, q) -> linears.put(name, new LearningLinear(interpreter, q)));
    List<LogVector> parameters = new ArrayList<>();
    linears.values().forEach(linear -> parameters.addAll(linear.parameters()));

    int[] judges = judges(images);
    int[] learners = judges.length == images ? judges : pick(images, HELD_OUT, false);
    Random random = new Random(recipe.seed());
    int[] queue = new int[0];
    int next = 0;

    double[] before = judge.losses(output(linears, judges));
    double[] best = before;
    List<double[]> kept = save(parameters);
    int every = Math.max(1, recipe.steps() / JUDGEMENTS);
    for (int step = 1; step <= recipe.steps(); step++) {
      int size = Math.min(recipe.batch(), learners.length);
      int[] batch = new int[size];
      for (int i = 0; i < size; i++) {
        if (next == queue.length) {
          queue = shuffled(learners, random);
          next = 0;
        }
        batch[i] = queue[next++];
      }
      gradientStep(linears, batch);
      double rate = recipe.rate() * 0.5 * (1 + Math.cos(Math.PI * (step - 1) / recipe.steps()));
      for (LogVector parameter : parameters) {
        parameter.step(step, rate);
      }
      linears.values().forEach(LearningLinear::refresh);
      if (step % every == 0 || step == recipe.steps()) {
        double[] losses = judge.losses(output(linears, judges));
        if (mean(losses) < mean(best)) {
          best = losses;
          kept = save(parameters);
        }
      }
      progress.accept(step);
    }
    for (int i = 0; i < kept.size(); i++) {
      parameters.get(i).restore(kept.get(i));
    }
    interpreter.trim();
    Map<String, LinearQuantizer> learned = new TreeMap<>();
    linears.forEach((name, linear) -> learned.put(name, linear.quantizer()));
    return new Outcome(learned, mean(before), mean(best));
  }

  private static double mean(double[] losses) {
    return Arrays.stream(losses).average().orElseThrow();
  }

  private void gradientStep(Map<String, LearningLinear> linears, int[] batch) {
    SectionRun run =
        interpreter.record(section, take(input, inputSize, batch), batch.length, of(linears));
    float[] output = run.value(section.output());
    float[] gradient = new float[output.length];
    CosineLoss.evaluate(
        interpreter.parallel(), take(target, outputSize, batch), output, channels, gradient);
    run.backward(section.output(), gradient);
  }

  private float[] output(Map<String, LearningLinear> linears, int[] judges) {
    return new BatchRunner(interpreter)
        .run(
            section,
            take(input, inputSize, judges),
            judges.length,
            of(linears),
            BatchRunner.Observer.NONE);
  }

  private static Linears of(Map<String, LearningLinear> linears) {
    return linear -> linears.get(linear.output());
  }

  private static List<double[]> save(List<LogVector> parameters) {
    return parameters.stream().map(LogVector::save).toList();
  }

  private static int[] pick(int images, int every, boolean judging) {
    return IntStream.range(0, images).filter(i -> (i % every == every - 1) == judging).toArray();
  }

  private static int[] shuffled(int[] values, Random random) {
    int[] shuffled = values.clone();
    for (int i = shuffled.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swap;
    }
    return shuffled;
  }

  private static float[] take(float[] values, int size, int[] images) {
    float[] taken = new float[images.length * size];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(values, images[i] * size, taken, i * size, size);
    }
    return taken;
  }
}
