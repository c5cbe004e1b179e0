package io.github.ptq4vm.benchmarks.synthetic;

import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.Locale;
import java.util.Set;

/** Which attributes a recipe gives each kind of linear. */
public enum RecipePlan {
  /** The method as published: static scales, inputs as they are. */
  PTQ4VM(Set.of(), Set.of()),
  /**
   * What {@code method=auto} picks where it may pick freely: dynamic scales wherever an operation
   * holds the whole token, and a rotation of the two inputs with the heaviest tails.
   */
  AUTO(Set.of("in_proj", "x_proj", "dt_proj", "out_proj", "fc1"), Set.of("out_proj", "fc2"));

  private final Set<String> dynamic;
  private final Set<String> rotated;

  RecipePlan(Set<String> dynamic, Set<String> rotated) {
    this.dynamic = dynamic;
    this.rotated = rotated;
  }

  /** Name in tables and on the command line. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Attributes of a linear. */
  public Precision precision(Operation.Linear linear, int weightBits, int activationBits) {
    return new Precision(
        weightBits,
        activationBits,
        dynamic.contains(linear.kind())
            ? ActivationScale.DYNAMIC_PER_TOKEN
            : ActivationScale.STATIC_PER_TOKEN,
        rotated.contains(linear.kind()) ? Rotation.HADAMARD : Rotation.NONE);
  }

  /** A network with these attributes at every linear that the method quantizes. */
  public Network apply(Network network, int weightBits, int activationBits) {
    return network.mapLinears(
        linear -> linear.withPrecision(precision(linear, weightBits, activationBits)));
  }
}
