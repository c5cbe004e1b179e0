package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.Recipe.Ingredient;
import io.github.ptq4vm.compiler.Recipe.Method;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AblationReportTest {

  private static Measured measured(double sqnr) {
    return new Measured(new Accuracy(92, 97.5, 0.01, sqnr), 92.5, 128, 400, 20, 2048);
  }

  @Test
  void showsWhatIsLostWithoutEach() {
    Map<Ablated, Measured> measured = new EnumMap<>(Ablated.class);
    measured.put(Ablated.NOTHING, measured(18));
    measured.put(Ablated.ROTATION, measured(15.5));
    measured.put(Ablated.LEARNING, measured(18.25));

    assertThat(AblationReport.markdown(Sample.VIM_NANO, "w4a4", measured, true))
        .isEqualTo(
            """
            ## vim_nano: 128 calibration images, 400 validation images, FP32 top-1 92.50

            | W4A4 | top-1 % | agreement % | KL | SQNR dB | SQNR against all |
            |---|---|---|---|---|---|
            | all of auto | 92.00 | 97.50 | 0.01000 | 18.00 |  |
            | without rotation | 92.00 | 97.50 | 0.01000 | 15.50 | -2.50 |
            | without learning | 92.00 | 97.50 | 0.01000 | 18.25 | +0.25 |
            """);
    assertThat(AblationReport.markdown(Sample.VIM_NANO, "w4a4", measured, false))
        .startsWith("| W4A4");
  }

  @Test
  void needsSomethingToCompareWith() {
    Map<Ablated, Measured> measured = new EnumMap<>(Ablated.class);
    measured.put(Ablated.ROTATION, measured(15.5));

    assertThatThrownBy(() -> AblationReport.markdown(Sample.VIM_NANO, "w4a4", measured, true))
        .hasMessageContaining("all of auto");
  }

  @Test
  void everyIngredientIsLeftOutOnce() {
    EnumSet<Ingredient> leftOut = EnumSet.noneOf(Ingredient.class);
    for (Ablated ablated : Ablated.values()) {
      Recipe recipe = ablated.recipe(Recipe.defaults());
      assertThat(leftOut).doesNotContainAnyElementsOf(recipe.leftOut());
      leftOut.addAll(recipe.leftOut());
    }
    assertThat(leftOut).containsExactlyInAnyOrder(Ingredient.values());
    assertThat(Arrays.stream(Ablated.values()).map(a -> a.recipe(Recipe.defaults())))
        .doesNotHaveDuplicates()
        .anyMatch(recipe -> recipe.method() == Method.AUTO && recipe.steps() == 0)
        .anyMatch(recipe -> recipe.method() == Method.PTQ4VM && recipe.steps() > 0)
        .contains(Recipe.defaults());
  }
}
