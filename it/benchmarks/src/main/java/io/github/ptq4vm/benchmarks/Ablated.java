package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.Recipe.Ingredient;
import io.github.ptq4vm.compiler.Recipe.Method;

/** The default recipe with one ingredient left out. */
enum Ablated {
  /** Nothing left out. */
  NOTHING("all of auto"),
  /** No rotated inputs. */
  ROTATION("without rotation", Ingredient.ROTATION),
  /** No dynamic scales. */
  DYNAMIC_SCALES("without dynamic scales", Ingredient.DYNAMIC_SCALES),
  /** Static ranges scored by the images that set them. */
  CROSS_FIT("without cross-fit, wider ranges", Ingredient.CROSS_FIT),
  /** Weights rounded to nearest; the move and the descent need rounding. */
  ROUNDING("without rounding together, move, descent", Ingredient.ROUNDING),
  /** Weights stay where they are. */
  WEIGHT_MOVE("without the weight move", Ingredient.WEIGHT_MOVE),
  /** Codes as they are once all are rounded. */
  DESCENT("without descent on codes and steps", Ingredient.DESCENT),
  /** No gradient steps. */
  LEARNING("without learning"),
  /** The published method, with learning. */
  EVERYTHING("ptq4vm");

  private final String title;
  private final Ingredient[] leftOut;

  Ablated(String title, Ingredient... leftOut) {
    this.title = title;
    this.leftOut = leftOut;
  }

  /** What tables call it. */
  String title() {
    return title;
  }

  /** Its recipe; all else as in another. */
  Recipe recipe(Recipe base) {
    return switch (this) {
      case LEARNING -> base.withMethod(Method.AUTO).withSteps(0);
      case EVERYTHING -> base.withMethod(Method.PTQ4VM);
      default -> base.withMethod(Method.AUTO).without(leftOut);
    };
  }
}
