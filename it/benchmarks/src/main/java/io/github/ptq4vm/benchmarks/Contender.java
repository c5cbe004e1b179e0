package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.Recipe.Method;

/** A way to quantize that the comparison measures. */
enum Contender {
  /** The published method without learning. */
  PLAIN("ptq4vm, no learning"),
  /** The published method. */
  PTQ4VM("ptq4vm"),
  /** The default. */
  AUTO("auto");

  private final String title;

  Contender(String title) {
    this.title = title;
  }

  /** What tables call it. */
  String title() {
    return title;
  }

  /** Its recipe; all else as in another. */
  Recipe recipe(Recipe base) {
    return switch (this) {
      case PLAIN -> base.withMethod(Method.PTQ4VM).withSteps(0);
      case PTQ4VM -> base.withMethod(Method.PTQ4VM);
      case AUTO -> base.withMethod(Method.AUTO);
    };
  }
}
