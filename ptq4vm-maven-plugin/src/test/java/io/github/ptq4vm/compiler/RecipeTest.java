package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.Recipe.Ingredient;
import io.github.ptq4vm.compiler.Recipe.Method;
import io.github.ptq4vm.compiler.quantize.ClippingSearch;
import org.junit.jupiter.api.Test;

class RecipeTest {

  @Test
  void autoUsesWhatIsNotLeftOut() {
    Recipe recipe = Recipe.defaults();
    for (Ingredient ingredient : Ingredient.values()) {
      assertThat(recipe.uses(ingredient)).isTrue();
      assertThat(recipe.without(ingredient).uses(ingredient)).isFalse();
      assertThat(recipe.withMethod(Method.PTQ4VM).uses(ingredient)).isFalse();
    }
    assertThat(recipe.without(Ingredient.ROTATION).uses(Ingredient.ROUNDING)).isTrue();
  }

  @Test
  void whatIsLeftOutStaysLeftOut() {
    Recipe recipe = Recipe.defaults().without(Ingredient.ROTATION, Ingredient.DESCENT);
    assertThat(recipe.withSteps(3).withMethod(Method.AUTO).leftOut())
        .containsExactlyInAnyOrder(Ingredient.ROTATION, Ingredient.DESCENT);
    assertThat(recipe.withSteps(3).steps()).isEqualTo(3);
  }

  @Test
  void thePublishedMethodIsCrossFittedToo() {
    Recipe recipe = Recipe.defaults();
    assertThat(recipe.search()).isEqualTo(ClippingSearch.crossFitted());
    assertThat(recipe.withMethod(Method.PTQ4VM).search()).isEqualTo(ClippingSearch.crossFitted());
    assertThat(recipe.without(Ingredient.CROSS_FIT).search())
        .isEqualTo(ClippingSearch.selfScored());
  }
}
