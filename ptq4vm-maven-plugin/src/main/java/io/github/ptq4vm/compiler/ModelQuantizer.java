package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.Recipe.Ingredient;
import io.github.ptq4vm.compiler.learn.Jlss;
import io.github.ptq4vm.compiler.quantize.BlockCalibration;
import io.github.ptq4vm.compiler.quantize.BlockRounding;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.quantize.Rounding;
import io.github.ptq4vm.compiler.quantize.SimulatedLinear;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes all linears of a model by a plan, block by block: calibrate on the float stream, round
 * weights together and learn on the quantized one, go on with both.
 */
final class ModelQuantizer {
  private final TensorInterpreter interpreter;
  private final Recipe recipe;
  private final CompileListener listener;
  private final BatchRunner runner;
  private final Map<String, LinearExecution> simulated = new HashMap<>();
  private final SortedMap<String, LinearQuantizer> quantizers = new TreeMap<>();
  private final List<BlockReport> reports = new ArrayList<>();

  ModelQuantizer(TensorInterpreter interpreter, Recipe recipe, CompileListener listener) {
    this.interpreter = interpreter;
    this.recipe = recipe;
    this.listener = listener;
    this.runner = new BatchRunner(interpreter);
  }

  /**
   * What happened to a block.
   *
   * @param before noise of the held-out images' logits before learning, as a share of the signal
   * @param after their noise after it
   * @param calibrationSeconds time of the closed-form quantizers, rounding included
   * @param learningSeconds time of learning
   */
  record BlockReport(
      String name,
      double before,
      double after,
      double calibrationSeconds,
      double learningSeconds) {}

  /**
   * Quantizes.
   *
   * @param task what progress calls it
   * @param plan widths, and ingredients for each kind of linear
   * @param images calibration images as preprocessing leaves them
   */
  void quantize(String task, QuantizationPlan plan, float[][] images) {
    List<Section> sections = interpreter.network().sections();
    long blocks = sections.stream().filter(Section::block).count();
    long units = blocks * (recipe.steps() + 1);
    float[] exact = runner.runFirst(sections.get(0), images, this::execution);
    float[] quantized = exact;
    LogitJudge judge = LogitJudge.of(interpreter, images);
    int block = 0;
    for (Section section : sections.subList(1, sections.size())) {
      if (!section.block()) {
        // The last section only makes logits, which calibration has no use for.
        if (section != sections.get(sections.size() - 1)) {
          exact = run(section, exact, images.length);
          quantized = run(section, quantized, images.length);
        }
        continue;
      }
      long done = (long) block * (recipe.steps() + 1);
      listener.progress(task, done, units, "steps");
      long start = System.nanoTime();
      Jlss.Judge behind = judge.behind(section);
      BlockCalibration.Calibrated calibration =
          new BlockCalibration(interpreter, recipe.alpha(), recipe.search())
              .calibrate(section, exact, images.length, List.of(plan));
      Map<String, LinearQuantizer> found = calibration.quantizers().get(0);
      found =
          new BlockRounding(
                  interpreter,
                  recipe.search(),
                  Rounding.of(recipe.uses(Ingredient.WEIGHT_MOVE), recipe.uses(Ingredient.DESCENT)),
                  section,
                  Jlss.judges(images.length))
              .round(plan, found, images.length, exact, quantized, behind::loss);
      exact = calibration.output();
      long calibrated = System.nanoTime();
      if (recipe.steps() > 0) {
        Jlss.Outcome outcome =
            new Jlss(interpreter, recipe, section, images.length, quantized, exact)
                .learn(
                    found,
                    behind,
                    step -> listener.progress(task, done + 1 + step, units, "steps"));
        found = outcome.quantizers();
        reports.add(
            new BlockReport(
                section.name(),
                outcome.before(),
                outcome.after(),
                seconds(start, calibrated),
                seconds(calibrated, System.nanoTime())));
      }
      quantizers.putAll(found);
      found.forEach(
          (name, quantizer) -> simulated.put(name, SimulatedLinear.of(interpreter, quantizer)));
      quantized = run(section, quantized, images.length);
      block++;
    }
    listener.progress(task, units, units, "steps");
  }

  private static double seconds(long from, long to) {
    return (to - from) / 1e9;
  }

  /** Quantizers by the linear's name. */
  SortedMap<String, LinearQuantizer> quantizers() {
    return quantizers;
  }

  /** One report a block that learned. */
  List<BlockReport> reports() {
    return reports;
  }

  /** Logits of the quantized model as simulated here, image after image. */
  float[] logits(float[][] images) {
    return runner.logits(images, this::execution);
  }

  private float[] run(Section section, float[] input, int images) {
    return runner.run(section, input, images, this::execution, BatchRunner.Observer.NONE);
  }

  private @Nullable LinearExecution execution(Operation.Linear linear) {
    return simulated.get(linear.output());
  }
}
