package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Recipe.Ingredient;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan.Ingredients;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Rotation;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PlanSearchTest {
  private static final Ingredients PLAIN = Ingredients.NONE;
  private static final Ingredients ROTATED = PLAIN.withRotation(Rotation.HADAMARD);
  private static final Ingredients DYNAMIC = PLAIN.withScale(ActivationScale.DYNAMIC_PER_TOKEN);
  private static final Ingredients BOTH = ROTATED.withScale(ActivationScale.DYNAMIC_PER_TOKEN);

  private static Map<Ingredients, Double> noise(
      double plain, double rotated, double dynamic, double both) {
    Map<Ingredients, Double> noise = new LinkedHashMap<>();
    noise.put(PLAIN, plain);
    noise.put(ROTATED, rotated);
    noise.put(DYNAMIC, dynamic);
    noise.put(BOTH, both);
    return noise;
  }

  private static QuantizationPlan choose(Map<String, Map<Ingredients, Double>> noise) {
    return PlanSearch.choose(QuantizationPlan.ptq4vm(4, 4), noise, true);
  }

  @Test
  void takesWhatLeavesTheLeastNoise() {
    QuantizationPlan plan =
        choose(
            Map.of(
                "out_proj", noise(0.08, 0.04, 0.03, 0.01), "fc1", noise(0.02, 0.05, 0.01, 0.03)));
    assertThat(plan.of("out_proj")).isEqualTo(BOTH.withHessianRounding(true));
    assertThat(plan.of("fc1")).isEqualTo(DYNAMIC.withHessianRounding(true));
    assertThat(plan.weightBits()).isEqualTo(4);
    assertThat(plan.activationBits()).isEqualTo(4);
  }

  @Test
  void leavesOutWhatHardlyCountsInTheWhole() {
    QuantizationPlan plan =
        choose(
            Map.of(
                "out_proj", noise(0.5, 0.1004, 0.1009, 0.1),
                "dt_proj", noise(0.0005, 0.0003, 0.0004, 0.0001)));
    // Cheapest among about equals, and of equal cost the quieter one.
    assertThat(plan.of("out_proj")).isEqualTo(ROTATED.withHessianRounding(true));
    // Five times quieter, but of no weight in the whole.
    assertThat(plan.of("dt_proj")).isEqualTo(PLAIN.withHessianRounding(true));
  }

  @Test
  void noiseThatIsNotFiniteIsNeverChosen() {
    double nan = Double.NaN;
    double infinite = Double.POSITIVE_INFINITY;
    QuantizationPlan plan =
        choose(
            Map.of(
                "in_proj", noise(nan, infinite, 0.5, Double.NEGATIVE_INFINITY),
                "out_proj", noise(0.01, nan, 0.02, 0.03),
                "dt_proj", noise(0.08, 0.07, 0.001, nan),
                "x_proj", noise(nan, infinite, nan, nan)));
    assertThat(plan.of("in_proj")).isEqualTo(DYNAMIC.withHessianRounding(true));
    assertThat(plan.of("out_proj")).isEqualTo(PLAIN.withHessianRounding(true));
    assertThat(plan.of("dt_proj")).isEqualTo(DYNAMIC.withHessianRounding(true));
    assertThat(plan.of("x_proj")).isEqualTo(PLAIN.withHessianRounding(true));
    Map<String, Map<Ingredients, Double>> broken = Map.of("x_proj", noise(nan, nan, nan, nan));
    PlanSearch.Found found =
        new PlanSearch.Found(choose(broken), broken, Map.of("x_proj", infinite));
    assertThat(PlanReport.metrics(found)).containsEntry("sqnr_db_only_x_proj", -300.0);
    assertThat(PlanReport.lines("w4a4", found)).anyMatch(line -> line.contains("plain -300.0"));
  }

  @Test
  void measuresEachKindAloneOnImagesItDidNotSee() {
    float[][] images = Values.images(16, 32);
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      PlanSearch.Found found = new PlanSearch(interpreter, Recipe.defaults(), images).search(4, 4);
      assertThat(found.inputNoise().keySet())
          .containsExactly("in_proj", "x_proj", "dt_proj", "out_proj");
      found
          .inputNoise()
          .values()
          .forEach(
              byChoice ->
                  assertThat(byChoice.keySet()).containsExactly(PLAIN, ROTATED, DYNAMIC, BOTH));
      found
          .inputNoise()
          .values()
          .forEach(byChoice -> assertThat(byChoice.values()).allMatch(n -> n > 0 && n < 1));
      assertThat(new PlanSearch(interpreter, Recipe.defaults(), images).search(4, 4))
          .isEqualTo(found);

      // Odd images decide, so another one changes the verdicts; and even ones set ranges, so
      // another one of them does too.
      for (int changed : new int[] {7, 8}) {
        float[][] others = images.clone();
        others[changed] = Values.images(17, 32)[16];
        assertThat(new PlanSearch(interpreter, Recipe.defaults(), others).search(4, 4).inputNoise())
            .isNotEqualTo(found.inputNoise());
      }
      assertThat(
              new PlanSearch(interpreter, Recipe.defaults(), images)
                  .search(8, 8)
                  .noise()
                  .get("out_proj"))
          .isLessThan(0.1 * found.noise().get("out_proj"));
    }
  }

  @Test
  void inputsAreComparedWithFineWeights() {
    float[][] images = Values.images(16, 32);
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      PlanSearch search = new PlanSearch(interpreter, Recipe.defaults(), images);
      PlanSearch.Found fine = search.search(8, 4);
      PlanSearch.Found coarse = search.search(3, 4);
      // The same choice whatever the weights will have; the budget is of what they will have.
      assertThat(coarse.inputNoise()).isEqualTo(fine.inputNoise());
      assertThat(coarse.plan().ingredients()).isEqualTo(fine.plan().ingredients());
      assertThat(coarse.plan().weightBits()).isEqualTo(3);
      assertThat(coarse.noise().get("in_proj")).isGreaterThan(2 * fine.noise().get("in_proj"));
      fine.noise()
          .forEach(
              (kind, noise) -> assertThat(fine.inputNoise().get(kind).values()).contains(noise));
    }
  }

  @Test
  void whatTheRecipeLeavesOutIsNoChoice() {
    float[][] images = Values.images(16, 32);
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      assertThat(choices(interpreter, images, Ingredient.ROTATION)).containsExactly(PLAIN, DYNAMIC);
      assertThat(choices(interpreter, images, Ingredient.DYNAMIC_SCALES))
          .containsExactly(PLAIN, ROTATED);
      PlanSearch.Found found =
          new PlanSearch(interpreter, Recipe.defaults().without(Ingredient.ROUNDING), images)
              .search(4, 4);
      assertThat(found.plan().ingredients().values()).noneMatch(Ingredients::hessianRounding);
    }
  }

  private static Set<Ingredients> choices(
      TensorInterpreter interpreter, float[][] images, Ingredient leftOut) {
    return new PlanSearch(interpreter, Recipe.defaults().without(leftOut), images)
        .search(8, 8)
        .inputNoise()
        .get("in_proj")
        .keySet();
  }

  @Test
  void saysWhatEachKindGets() {
    Map<String, Map<Ingredients, Double>> noise = new LinkedHashMap<>();
    noise.put("in_proj", noise(0.01, 0.0100001, 0.02, 0.0099999));
    noise.put("out_proj", noise(0.1, 0.05, 0.04, 0.01));
    PlanSearch.Found found =
        new PlanSearch.Found(
            choose(noise), noise, new TreeMap<>(Map.of("in_proj", 0.1, "out_proj", 0.02)));
    assertThat(PlanReport.lines("w4a4", found))
        .hasSize(3)
        .contains(
            "  in_proj   plain 20.0, rotated 20.0, dynamic 17.0, rotated+dynamic 20.0 -> plain, with weights 10.0",
            "  out_proj  plain 10.0, rotated 13.0, dynamic 14.0, rotated+dynamic 20.0"
                + " -> rotated+dynamic, with weights 17.0");
    assertThat(PlanReport.recipe(found))
        .isEqualTo(Map.of("plan in_proj", "plain", "plan out_proj", "rotated+dynamic"));
    assertThat(PlanReport.metrics(found).get("sqnr_db_only_out_proj"))
        .isCloseTo(16.9897, within(1e-4));
    assertThat(Arrays.asList("sqnr_db_only_in_proj", "sqnr_db_only_out_proj"))
        .containsExactlyElementsOf(PlanReport.metrics(found).keySet());
  }
}
