package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The quantizer of one linear (spec ptq4vm.md 1.3): the input, rotated where the precision says so,
 * is divided by the smoothing factors and quantized with a step size and zero point for each row;
 * the weight, rotated alike, is multiplied by them and quantized with a step size for each output.
 *
 * @param linear the float linear
 * @param precision bits and attributes
 * @param smoothing smoothing factors, one an input channel, behind the rotation; positive
 * @param weightStep step sizes of the weight, one an output channel, positive
 * @param inputScale where the input's step sizes and zero points come from
 * @param fixedCodes the weight's codes, {@code outFeatures * inFeatures}, where they were chosen
 *     together and do not follow from step sizes and smoothing factors; or null
 */
public record LinearQuantizer(
    Operation.Linear linear,
    Precision precision,
    float[] smoothing,
    float[] weightStep,
    InputScale inputScale,
    @Nullable byte[] fixedCodes) {

  /** Smallest step size and smoothing factor. */
  public static final float SMALLEST = 1e-8f;

  /** Checks that the input's scale is of the kind the precision names. */
  public LinearQuantizer {
    if ((precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN)
        != inputScale instanceof InputScale.Dynamic) {
      throw new IllegalArgumentException(
          "The precision of \""
              + linear.output()
              + "\" says "
              + precision.scale()
              + " but its quantizer has a "
              + inputScale.getClass().getSimpleName().toLowerCase(Locale.ROOT)
              + " scale.");
    }
  }

  /** A quantizer whose weight codes are the nearest ones. */
  public LinearQuantizer(
      Operation.Linear linear,
      Precision precision,
      float[] smoothing,
      float[] weightStep,
      InputScale inputScale) {
    this(linear, precision, smoothing, weightStep, inputScale, null);
  }

  /** The same for inputs; weights of other bits, rounded to nearest with steps of their own. */
  public LinearQuantizer withWeightBits(
      int bits, TensorInterpreter interpreter, ClippingSearch search) {
    Precision other =
        new Precision(bits, precision.activationBits(), precision.scale(), precision.rotation());
    float[] smoothed = Smoothing.weight(weight(interpreter), smoothing);
    return new LinearQuantizer(
        linear,
        other,
        smoothing,
        search.weights(interpreter.parallel(), smoothed, linear.inFeatures(), other.weightLimit()),
        inputScale);
  }

  /** Reciprocal smoothing factors: what the input is multiplied by. */
  public float[] reciprocalSmoothing() {
    return Smoothing.reciprocal(smoothing);
  }

  /** The float weight behind the rotation, {@link #weight}. */
  public float[] weight(TensorInterpreter interpreter) {
    return weight(interpreter, linear, precision.rotation());
  }

  /**
   * A linear's float weight for rotated inputs: every row is rotated as the inputs are, so that
   * products stay what they were.
   *
   * @return {@code outFeatures * inFeatures} floats, not to be changed
   */
  static float[] weight(TensorInterpreter interpreter, Operation.Linear linear, Rotation rotation) {
    float[] weight = interpreter.model().floats(linear.weight());
    if (rotation == Rotation.NONE) {
      return weight;
    }
    float[] rotated = new float[weight.length];
    interpreter.rotation(linear.inFeatures()).apply(linear.outFeatures(), weight, rotated);
    return rotated;
  }
}
