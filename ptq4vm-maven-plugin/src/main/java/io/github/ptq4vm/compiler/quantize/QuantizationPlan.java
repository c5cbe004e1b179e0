package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model's linears are quantized with: widths for all of them, and for each kind of linear
 * ({@code in_proj}, {@code out_proj}, ...) the ingredients that the method as published does not
 * have.
 *
 * @param weightBits bits of a weight code
 * @param activationBits bits of an input code
 * @param ingredients by kind; a kind that is not there has {@link Ingredients#NONE}
 */
public record QuantizationPlan(
    int weightBits, int activationBits, SortedMap<String, Ingredients> ingredients) {

  /** Takes an immutable copy. */
  public QuantizationPlan {
    ingredients = Collections.unmodifiableSortedMap(new TreeMap<>(ingredients));
  }

  /**
   * What a kind of linear gets beyond the method as published.
   *
   * @param rotation transform of its inputs
   * @param scale where the inputs' step sizes come from
   * @param hessianRounding whether weights are rounded together, by the inputs they meet
   */
  public record Ingredients(Rotation rotation, ActivationScale scale, boolean hessianRounding) {
    /** The method as published: inputs as they are, static scales, weights rounded to nearest. */
    public static final Ingredients NONE =
        new Ingredients(Rotation.NONE, ActivationScale.STATIC_PER_TOKEN, false);

    /** The same with another rotation. */
    public Ingredients withRotation(Rotation rotation) {
      return new Ingredients(rotation, scale, hessianRounding);
    }

    /** The same with another scale. */
    public Ingredients withScale(ActivationScale scale) {
      return new Ingredients(rotation, scale, hessianRounding);
    }

    /** The same with weights rounded together or not. */
    public Ingredients withHessianRounding(boolean hessianRounding) {
      return new Ingredients(rotation, scale, hessianRounding);
    }
  }

  /** PTQ4VM as published: no ingredient for any kind. */
  public static QuantizationPlan ptq4vm(int weightBits, int activationBits) {
    return new QuantizationPlan(weightBits, activationBits, new TreeMap<>());
  }

  /** The same plan with other ingredients for one kind of linear. */
  public QuantizationPlan with(String kind, Ingredients chosen) {
    SortedMap<String, Ingredients> changed = new TreeMap<>(ingredients);
    changed.put(kind, chosen);
    return new QuantizationPlan(weightBits, activationBits, changed);
  }

  /** Ingredients of a kind of linear. */
  public Ingredients of(String kind) {
    return ingredients.getOrDefault(kind, Ingredients.NONE);
  }

  /** Bits and attributes of a linear. */
  public Precision precision(Operation.Linear linear) {
    Ingredients chosen = of(linear.kind());
    return new Precision(weightBits, activationBits, chosen.scale(), chosen.rotation());
  }

  /** Whether a linear's weights are rounded together. */
  public boolean hessianRounding(Operation.Linear linear) {
    return of(linear.kind()).hessianRounding();
  }
}
