package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Rotation;
import java.util.Arrays;

/**
 * Plans and quantizers for tests, and what {@code docs/numerics.md} says about a row of inputs,
 * written down plainly.
 */
public final class Quantizers {
  private Quantizers() {}

  /** Ways to quantize inputs. */
  public enum Inputs {
    /** As published. */
    STATIC(Rotation.NONE, ActivationScale.STATIC_PER_TOKEN),
    /** Steps of each row's own. */
    DYNAMIC(Rotation.NONE, ActivationScale.DYNAMIC_PER_TOKEN),
    /** Rotated before. */
    ROTATED(Rotation.HADAMARD, ActivationScale.STATIC_PER_TOKEN),
    /** Both. */
    ROTATED_DYNAMIC(Rotation.HADAMARD, ActivationScale.DYNAMIC_PER_TOKEN);

    private final QuantizationPlan.Ingredients ingredients;

    Inputs(Rotation rotation, ActivationScale scale) {
      this.ingredients = new QuantizationPlan.Ingredients(rotation, scale, false);
    }

    /** A plan that quantizes the inputs of all linears of a network like this. */
    public QuantizationPlan plan(Network network, int weightBits, int activationBits) {
      return everywhere(network, weightBits, activationBits, ingredients);
    }
  }

  /** A plan with the same ingredients for all kinds of linears. */
  public static QuantizationPlan everywhere(
      Network network, int weightBits, int activationBits, QuantizationPlan.Ingredients same) {
    QuantizationPlan plan = QuantizationPlan.ptq4vm(weightBits, activationBits);
    for (Operation.Linear linear : network.quantizableLinears()) {
      plan = plan.with(linear.kind(), same);
    }
    return plan;
  }

  /** The static scale of a quantizer that has one. */
  public static InputScale.Static fixed(LinearQuantizer quantizer) {
    return (InputScale.Static) quantizer.inputScale();
  }

  /** What the optimizer knows an input scale by: its steps, or the share of the range. */
  public static float[] numbers(InputScale scale) {
    return scale instanceof InputScale.Dynamic dynamic
        ? new float[] {dynamic.share()}
        : ((InputScale.Static) scale).step();
  }

  /**
   * A quantizer that clips: where a dynamic range covers all, the gradients of its share's many
   * terms cancel. Static ones stay as they are.
   */
  public static LinearQuantizer clipped(LinearQuantizer quantizer) {
    return quantizer.inputScale() instanceof InputScale.Static
        ? quantizer
        : new LinearQuantizer(
            quantizer.linear(),
            quantizer.precision(),
            quantizer.smoothing(),
            quantizer.weightStep(),
            new InputScale.Dynamic(0.7f));
  }

  /** The quantizer with codes that stay: the nearest ones, but every fifth moved. */
  public static LinearQuantizer withFixedCodes(
      TensorInterpreter interpreter, LinearQuantizer quantizer) {
    float[] nearest = SimulatedLinear.weightCodes(interpreter, quantizer);
    byte[] codes = new byte[nearest.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (nearest[i] + (i % 5 == 0 ? nearest[i] > 0 ? -1 : 1 : 0));
    }
    return new LinearQuantizer(
        quantizer.linear(),
        quantizer.precision(),
        quantizer.smoothing(),
        quantizer.weightStep(),
        quantizer.inputScale(),
        codes);
  }

  /** Inputs behind a quantizer's rotation: a copy. */
  public static float[] rotated(LinearQuantizer quantizer, float[] x) {
    float[] rotated = x.clone();
    if (quantizer.precision().rotation() == Rotation.HADAMARD) {
      ChannelRotation.of(quantizer.linear().inFeatures()).apply(rotated);
    }
    return rotated;
  }

  /**
   * What becomes of a row.
   *
   * @param lowest channel of the smallest value below zero, or -1
   * @param highest channel of the largest value above zero, or -1
   */
  public record Row(float step, int zeroPoint, int lowest, int highest) {}

  /**
   * Step and zero point of a row.
   *
   * @param rotated inputs behind the rotation
   */
  public static Row row(LinearQuantizer quantizer, float[] rotated, int row) {
    if (quantizer.inputScale() instanceof InputScale.Static fixed) {
      int token = row % fixed.step().length;
      return new Row(fixed.step()[token], fixed.zeroPoint()[token], -1, -1);
    }
    float share = ((InputScale.Dynamic) quantizer.inputScale()).share();
    int limit = quantizer.precision().activationLimit();
    int channels = quantizer.linear().inFeatures();
    float[] v = Arrays.copyOfRange(rotated, row * channels, (row + 1) * channels);
    int lowest = -1;
    int highest = -1;
    for (int c = 0; c < channels; c++) {
      v[c] *= 1f / quantizer.smoothing()[c];
      lowest = v[c] < (lowest < 0 ? 0 : v[lowest]) ? c : lowest;
      highest = v[c] > (highest < 0 ? 0 : v[highest]) ? c : highest;
    }
    float lo = lowest < 0 ? 0 : v[lowest] * share;
    float hi = highest < 0 ? 0 : v[highest] * share;
    float reciprocal = 1f / limit;
    float range = hi - lo;
    float step = Math.max(range * reciprocal, 1e-8f);
    float inverse = 1f / step;
    return new Row(step, (int) Math.min(limit, Math.rint(-lo * inverse)), lowest, highest);
  }
}
