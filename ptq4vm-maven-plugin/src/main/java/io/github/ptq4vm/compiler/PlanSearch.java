package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.Recipe.Ingredient;
import io.github.ptq4vm.compiler.quantize.BlockCalibration;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan.Ingredients;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Chooses ingredients for each kind of linear. With quantizers that never saw the held-out images,
 * each kind is quantized alone with each choice, and the noise this leaves in the logits of these
 * images decides. An ingredient costs time wherever the model runs, so it has to take away a
 * noticeable part of the whole noise.
 *
 * <p>What rotation and scales do is done to inputs, so weights have 8 bits there whatever the
 * model's will have: with few bits the noise of weights that are only rounded to nearest, most of
 * which goes away when they are rounded together, would drown the differences.
 */
final class PlanSearch {
  /** Bits of weights while choices for inputs are compared. */
  private static final int FINE = 8;

  /** Share of the whole noise that an ingredient must take away. */
  private static final double WORTHWHILE = 0.005;

  /**
   * Kinds whose input is too wide for an operation to hold whole tokens, so that a dynamic scale
   * would cost a pass over memory of its own.
   */
  private static final Set<String> STATIC = Set.of("fc2");

  private static final List<Ingredients> CHOICES =
      List.of(
          Ingredients.NONE,
          Ingredients.NONE.withRotation(Rotation.HADAMARD),
          Ingredients.NONE.withScale(ActivationScale.DYNAMIC_PER_TOKEN),
          new Ingredients(Rotation.HADAMARD, ActivationScale.DYNAMIC_PER_TOKEN, false));

  private final TensorInterpreter interpreter;
  private final Recipe recipe;
  private final float[][] images;
  private final LogitJudge judge;

  /**
   * Prepares a search.
   *
   * @param images calibration images: one half makes quantizers, the other judges them
   */
  PlanSearch(TensorInterpreter interpreter, Recipe recipe, float[][] images) {
    this.interpreter = interpreter;
    this.recipe = recipe;
    this.images = every(images, 0);
    this.judge = new LogitJudge(interpreter, every(images, 1));
  }

  /** Every second image; all of them where there is only one. */
  private static float[][] every(float[][] images, int first) {
    return images.length < 2
        ? images
        : IntStream.range(0, images.length)
            .filter(i -> i % 2 == first)
            .mapToObj(i -> images[i])
            .toArray(float[][]::new);
  }

  /**
   * What was found.
   *
   * @param plan ingredients by kind; weights of all kinds are rounded together
   * @param inputNoise by kind, in order of execution: for each choice the noise of the logits, as a
   *     share of their energy, when only this kind is quantized and its weights have 8 bits
   * @param noise by kind: the same with what was chosen, and weights of their own bits rounded to
   *     nearest
   */
  record Found(
      QuantizationPlan plan,
      Map<String, Map<Ingredients, Double>> inputNoise,
      Map<String, Double> noise) {}

  /** Searches for a pair of widths. */
  Found search(int weightBits, int activationBits) {
    QuantizationPlan none = QuantizationPlan.ptq4vm(FINE, activationBits);
    List<Ingredients> choices = CHOICES.stream().filter(this::usable).toList();
    Set<String> kinds = new LinkedHashSet<>();
    interpreter.network().quantizableLinears().forEach(linear -> kinds.add(linear.kind()));
    List<SortedMap<String, LinearQuantizer>> quantizers =
        calibrate(
            choices.stream()
                .map(
                    choice -> {
                      QuantizationPlan plan = none;
                      for (String kind : kinds) {
                        plan = plan.with(kind, allowed(kind, choice));
                      }
                      return plan;
                    })
                .toList());
    Map<String, Map<Ingredients, Double>> inputNoise = new LinkedHashMap<>();
    for (String kind : kinds) {
      Map<Ingredients, Double> byChoice = new LinkedHashMap<>();
      for (int i = 0; i < choices.size(); i++) {
        Ingredients choice = allowed(kind, choices.get(i));
        if (!byChoice.containsKey(choice)) {
          byChoice.put(choice, judge.loss(of(kind, quantizers.get(i))));
        }
      }
      inputNoise.put(kind, byChoice);
    }
    QuantizationPlan plan =
        choose(
            QuantizationPlan.ptq4vm(weightBits, activationBits),
            inputNoise,
            recipe.uses(Ingredient.ROUNDING));
    Map<String, Double> noise = new LinkedHashMap<>();
    for (String kind : kinds) {
      Ingredients chosen = plan.of(kind).withHessianRounding(false);
      noise.put(
          kind,
          weightBits == FINE
              ? inputNoise.get(kind).get(chosen)
              : judge.loss(
                  withWeightBits(
                      weightBits, of(kind, quantizers.get(index(kind, choices, chosen))))));
    }
    return new Found(plan, inputNoise, noise);
  }

  private static int index(String kind, List<Ingredients> choices, Ingredients chosen) {
    return choices.stream().map(choice -> allowed(kind, choice)).toList().indexOf(chosen);
  }

  private Map<String, LinearQuantizer> withWeightBits(
      int bits, Map<String, LinearQuantizer> quantizers) {
    return quantizers.values().stream()
        .map(quantizer -> quantizer.withWeightBits(bits, interpreter, recipe.search()))
        .collect(Collectors.toMap(q -> q.linear().output(), Function.identity()));
  }

  /**
   * The plan: for each kind the cheapest of the choices that are about as good as the best. Noise
   * that is not finite is worse than any other, and where no choice has less, nothing is chosen.
   *
   * @param rounding whether weights are rounded together
   */
  static QuantizationPlan choose(
      QuantizationPlan none, Map<String, Map<Ingredients, Double>> noise, boolean rounding) {
    double whole =
        noise.values().stream().mapToDouble(PlanSearch::least).filter(Double::isFinite).sum();
    QuantizationPlan plan = none;
    for (Map.Entry<String, Map<Ingredients, Double>> kind : noise.entrySet()) {
      double enough = least(kind.getValue()) + WORTHWHILE * whole;
      Ingredients chosen =
          kind.getValue().entrySet().stream()
              .filter(entry -> orInfinite(entry.getValue()) <= enough)
              .min(
                  Comparator.<Map.Entry<Ingredients, Double>>comparingInt(
                          entry -> cost(entry.getKey()))
                      .thenComparing(Map.Entry.comparingByValue()))
              .orElseThrow()
              .getKey();
      plan = plan.with(kind.getKey(), chosen.withHessianRounding(rounding));
    }
    return plan;
  }

  private static double least(Map<Ingredients, Double> noise) {
    return noise.values().stream().mapToDouble(PlanSearch::orInfinite).min().orElseThrow();
  }

  private static double orInfinite(double noise) {
    return Double.isFinite(noise) ? noise : Double.POSITIVE_INFINITY;
  }

  /** Number of ingredients that cost time when the model runs. */
  private static int cost(Ingredients choice) {
    return (choice.rotation() == Rotation.NONE ? 0 : 1)
        + (choice.scale() == ActivationScale.STATIC_PER_TOKEN ? 0 : 1);
  }

  /** Whether a choice makes use only of what the recipe does not leave out. */
  private boolean usable(Ingredients choice) {
    return (choice.rotation() == Rotation.NONE || recipe.uses(Ingredient.ROTATION))
        && (choice.scale() == ActivationScale.STATIC_PER_TOKEN
            || recipe.uses(Ingredient.DYNAMIC_SCALES));
  }

  private static Ingredients allowed(String kind, Ingredients choice) {
    return STATIC.contains(kind) ? choice.withScale(ActivationScale.STATIC_PER_TOKEN) : choice;
  }

  private Map<String, LinearQuantizer> of(
      String kind, SortedMap<String, LinearQuantizer> quantizers) {
    return quantizers.values().stream()
        .filter(quantizer -> quantizer.linear().kind().equals(kind))
        .collect(Collectors.toMap(q -> q.linear().output(), Function.identity()));
  }

  /** Quantizers of all blocks for each plan, from the images that are not held out. */
  private List<SortedMap<String, LinearQuantizer>> calibrate(List<QuantizationPlan> plans) {
    List<SortedMap<String, LinearQuantizer>> all = new ArrayList<>();
    plans.forEach(plan -> all.add(new TreeMap<>()));
    BatchRunner runner = new BatchRunner(interpreter);
    BlockCalibration calibration =
        new BlockCalibration(interpreter, recipe.alpha(), recipe.search());
    List<Section> sections = interpreter.network().sections();
    float[] stream = runner.runFirst(sections.get(0), images, Linears.FLOAT);
    for (Section section : sections.subList(1, sections.size() - 1)) {
      if (section.block()) {
        BlockCalibration.Calibrated calibrated =
            calibration.calibrate(section, stream, images.length, plans);
        for (int i = 0; i < all.size(); i++) {
          all.get(i).putAll(calibrated.quantizers().get(i));
        }
        stream = calibrated.output();
      } else {
        stream =
            runner.run(section, stream, images.length, Linears.FLOAT, BatchRunner.Observer.NONE);
      }
    }
    return all;
  }
}
