package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan.Ingredients;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Rotation;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
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
    return PlanSearch.choose(QuantizationPlan.ptq4vm(4, 4), noise);
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
  void measuresEachKindAloneOnImagesItDidNotSee() {
    float[][] images = Values.images(16, 32);
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      PlanSearch.Found found = new PlanSearch(interpreter, 0.5, images).search(4, 4);
      assertThat(found.noise().keySet())
          .containsExactly("in_proj", "x_proj", "dt_proj", "out_proj");
      found
          .noise()
          .values()
          .forEach(
              byChoice ->
                  assertThat(byChoice.keySet()).containsExactly(PLAIN, ROTATED, DYNAMIC, BOTH));
      found
          .noise()
          .values()
          .forEach(byChoice -> assertThat(byChoice.values()).allMatch(n -> n > 0 && n < 1));
      assertThat(new PlanSearch(interpreter, 0.5, images).search(4, 4)).isEqualTo(found);

      // Held-out images decide, so another one changes the verdicts; and what the others are
      // decides
      // ranges, so another one of them does too.
      for (int changed : new int[] {7, 8}) {
        float[][] others = images.clone();
        others[changed] = Values.images(17, 32)[16];
        assertThat(new PlanSearch(interpreter, 0.5, others).search(4, 4).noise())
            .isNotEqualTo(found.noise());
      }
      assertThat(new PlanSearch(interpreter, 0.5, images).search(8, 8).noise("out_proj"))
          .isLessThan(0.1 * found.noise("out_proj"));
    }
  }

  @Test
  void saysWhatEachKindGets() {
    Map<String, Map<Ingredients, Double>> noise = new LinkedHashMap<>();
    noise.put("in_proj", noise(0.01, 0.0100001, 0.02, 0.0099999));
    noise.put("out_proj", noise(0.1, 0.05, 0.04, 0.01));
    PlanSearch.Found found = new PlanSearch.Found(choose(noise), noise);
    assertThat(PlanReport.lines("w4a4", found))
        .hasSize(3)
        .contains(
            "  in_proj   plain 20.0, rotated 20.0, dynamic 17.0, rotated+dynamic 20.0 -> plain",
            "  out_proj  plain 10.0, rotated 13.0, dynamic 14.0, rotated+dynamic 20.0"
                + " -> rotated+dynamic");
    assertThat(PlanReport.recipe(found))
        .isEqualTo(Map.of("plan in_proj", "plain", "plan out_proj", "rotated+dynamic"));
    assertThat(PlanReport.metrics(found).get("sqnr_db_only_out_proj")).isCloseTo(20, within(1e-9));
    assertThat(Arrays.asList("sqnr_db_only_in_proj", "sqnr_db_only_out_proj"))
        .containsExactlyElementsOf(PlanReport.metrics(found).keySet());
  }
}
