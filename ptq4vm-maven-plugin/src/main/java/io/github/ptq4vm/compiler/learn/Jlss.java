package io.github.ptq4vm.compiler.learn;

import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.SectionRun;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * JLSS of one block (spec ptq4vm.md 3.4): smoothing factors, weight steps and input steps of all
 * its quantized linears learn together, by true gradients through the whole block, to bring the
 * stream after the block back to the float model's. The block's input is the quantized prefix's
 * output.
 *
 * <p>One image in eight is held out and judges by what the block does to the logits. Five moments
 * on the way are judged, and the mean of the parameters over the steps, in which the noise of
 * single batches and of rounding cancels: the whole way from the start to it and parts of the way,
 * because what was learned of these images by heart does not serve others. The best is kept, the
 * start included, so learning never ends worse than it began.
 */
public final class Jlss {
  private static final int HELD_OUT = 8;

  /** Moments on the way that are judged. */
  private static final int MOMENTS = 5;

  /** Share of the steps that the mean leaves out, because the parameters are still on their way. */
  private static final double UNSETTLED = 0.25;

  /** Shares of the way from the start to the mean that are tried. */
  private static final double[] SHARES = {1, 0.75, 0.5, 0.25};

  /**
   * One in so many steps is left where weights have been rounded together: little is to be found.
   */
  private static final int REFINING = 4;

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
    /** The loss of each image. */
    double[] losses(float[] output);

    /** The mean loss of the images. */
    default double loss(float[] output) {
      return mean(losses(output));
    }
  }

  /** Images that are held out: the last of every eight, or all when there are fewer than eight. */
  public static int[] judges(int images) {
    return pick(images, images < HELD_OUT ? 1 : HELD_OUT, true);
  }

  /** Images that learn: those that do not judge, or all when there are too few to hold any out. */
  public static int[] learners(int images) {
    return images < HELD_OUT ? judges(images) : pick(images, HELD_OUT, false);
  }

  /**
   * Learns. Where weights have been rounded together, the start is good and what is left to learn
   * is less than what a few judges can tell from chance: then a quarter of the steps is made, and
   * what was learned is kept only if it gains more than the standard error of its gain.
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

    Batches batches = new Batches(learners(images), recipe.batch(), recipe.seed());
    boolean refining = start.values().stream().anyMatch(q -> q.fixedCodes() != null);
    int steps = refining ? (recipe.steps() + REFINING - 1) / REFINING : recipe.steps();
    Judged judged = new Judged(linears, judge, refining);
    double before = judged.consider();
    int settled = (int) (steps * UNSETTLED);
    for (int step = 1; step <= steps; step++) {
      gradientStep(linears, batches.next());
      double rate = recipe.rate() * 0.5 * (1 + Math.cos(Math.PI * (step - 1) / steps));
      for (LogVector parameter : parameters) {
        parameter.step(step, rate);
      }
      linears.values().forEach(LearningLinear::refresh);
      if (step > settled) {
        parameters.forEach(LogVector::remember);
      }
      if (isMoment(step, steps)) {
        judged.consider();
      }
      progress.accept(step);
    }
    for (double share : SHARES) {
      parameters.forEach(parameter -> parameter.goTowardsMean(share));
      linears.values().forEach(LearningLinear::refresh);
      judged.consider();
    }
    interpreter.trim();
    return new Outcome(judged.best, before, judged.least);
  }

  /** Whether a step is the last or one of those that divide the way into equal parts. */
  private static boolean isMoment(int step, int steps) {
    return IntStream.rangeClosed(1, MOMENTS)
        .anyMatch(k -> step == Math.round((double) k * steps / MOMENTS));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }

  /**
   * Whether images lose less than at the start by more than the standard error of the difference.
   */
  static boolean surely(double[] start, double[] losses) {
    double[] gains = new double[start.length];
    Arrays.setAll(gains, i -> start[i] - losses[i]);
    double gain = mean(gains);
    double squares = Arrays.stream(gains).map(g -> (g - gain) * (g - gain)).sum();
    // One image alone says nothing about chance: then any gain is as good as none.
    return gain > Math.sqrt(squares / gains.length / Math.max(1, gains.length - 1))
        && gains.length > 1;
  }

  /** Keeps the quantizers that the judges liked best; one that is no number is never liked. */
  private final class Judged {
    private final Map<String, LearningLinear> linears;
    private final Judge judge;
    private final int[] judges = judges(images);
    private final Map<String, LinearQuantizer> best = new TreeMap<>();
    private final boolean surely;
    private double least = Double.POSITIVE_INFINITY;
    private double[] start = {};

    /**
     * Begins without quantizers.
     *
     * @param surely whether only what surely beats the first ones may replace them
     */
    Judged(Map<String, LearningLinear> linears, Judge judge, boolean surely) {
      this.linears = linears;
      this.judge = judge;
      this.surely = surely;
    }

    /** Has the present quantizers judged; returns their mean loss. */
    double consider() {
      double[] losses = judge.losses(output(linears, judges));
      double loss = mean(losses);
      if (best.isEmpty()) {
        start = losses;
      }
      if (best.isEmpty()
          || (Double.compare(loss, least) < 0 && (!surely || surely(start, losses)))) {
        least = loss;
        linears.forEach((name, linear) -> best.put(name, linear.quantizer()));
      }
      return loss;
    }
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
    Map<String, LinearExecution> executions = new HashMap<>();
    linears.forEach((name, linear) -> executions.put(name, linear.execution()));
    return linear -> executions.get(linear.output());
  }

  private static int[] pick(int images, int every, boolean judging) {
    return IntStream.range(0, images).filter(i -> (i % every == every - 1) == judging).toArray();
  }

  private static float[] take(float[] values, int size, int[] images) {
    float[] taken = new float[images.length * size];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(values, images[i] * size, taken, i * size, size);
    }
    return taken;
  }
}
