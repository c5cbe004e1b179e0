package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.quantize.ClippingSearch;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * How to quantize: the method, and the parameters of smoothing, the clipping search and JLSS. One
 * default serves every bit width ({@code docs/method.md}).
 *
 * @param method which ingredients beyond the method as published
 * @param alpha exponent of the activation maxima in the smoothing factor
 * @param steps gradient steps a block; 0 turns learning off
 * @param batch images a gradient step sees
 * @param rate learning rate, in units of one code at the end of the range
 * @param seed seeds the choice and the order of images
 * @param leftOut ingredients of {@link Method#AUTO} that are not to be used, to see what each
 *     brings
 */
public record Recipe(
    Method method,
    double alpha,
    int steps,
    int batch,
    double rate,
    long seed,
    Set<Ingredient> leftOut) {

  /** Takes an immutable copy. */
  public Recipe {
    EnumSet<Ingredient> copy = EnumSet.noneOf(Ingredient.class);
    copy.addAll(leftOut);
    leftOut = Collections.unmodifiableSet(copy);
  }

  /** A recipe that leaves nothing out. */
  public Recipe(Method method, double alpha, int steps, int batch, double rate, long seed) {
    this(method, alpha, steps, batch, rate, seed, Set.of());
  }

  /** Which ingredients beyond the method as published. */
  public enum Method {
    /** Those that pay on held-out calibration images, for each kind of linear. */
    AUTO,
    /** None: static scales for each token, inputs as they are, weights rounded to nearest. */
    PTQ4VM
  }

  /** What {@link Method#AUTO} adds to the method as published; learning is a matter of steps. */
  public enum Ingredient {
    /** Rotated inputs, where they pay. */
    ROTATION,
    /** Dynamic scales, where they pay. */
    DYNAMIC_SCALES,
    /** Static ranges scored on images that did not set them. */
    CROSS_FIT,
    /** Weights rounded together, by the inputs they meet. */
    ROUNDING,
    /** Codes and steps of weights that are improved once all are rounded. */
    DESCENT,
    /** Weights that move to make up for what their inputs lost. */
    WEIGHT_MOVE
  }

  /** The defaults. */
  public static Recipe defaults() {
    return new Recipe(Method.AUTO, 0.5, 100, 32, 0.3, 0);
  }

  /** The same with another method. */
  public Recipe withMethod(Method other) {
    return new Recipe(other, alpha, steps, batch, rate, seed, leftOut);
  }

  /** The same with another number of gradient steps. */
  public Recipe withSteps(int other) {
    return new Recipe(method, alpha, other, batch, rate, seed, leftOut);
  }

  /** The same without some ingredients. */
  public Recipe without(Ingredient... ingredients) {
    return new Recipe(
        method, alpha, steps, batch, rate, seed, Set.copyOf(Arrays.asList(ingredients)));
  }

  /** The search for ranges and steps; the published method has it too. */
  ClippingSearch search() {
    return leftOut.contains(Ingredient.CROSS_FIT)
        ? ClippingSearch.selfScored()
        : ClippingSearch.crossFitted();
  }

  /** Whether an ingredient is to be used where it pays. */
  public boolean uses(Ingredient ingredient) {
    return method == Method.AUTO && !leftOut.contains(ingredient);
  }
}
