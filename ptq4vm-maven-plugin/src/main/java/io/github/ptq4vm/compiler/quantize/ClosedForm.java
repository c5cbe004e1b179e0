package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Quantizers of one linear from its inputs, without learning: rotated, then smoothed, then searched
 * (spec ptq4vm.md 3.2 and 3.3, {@code docs/method.md}).
 */
final class ClosedForm {
  private final TensorInterpreter interpreter;
  private final double alpha;
  private final ClippingSearch search;

  ClosedForm(TensorInterpreter interpreter, double alpha, ClippingSearch search) {
    this.interpreter = interpreter;
    this.alpha = alpha;
    this.search = search;
  }

  /**
   * Quantizers for several precisions.
   *
   * @param input the linear's inputs for all images; rotated in place if any precision rotates, as
   *     a copy might not fit
   */
  Map<Precision, LinearQuantizer> quantizers(
      Operation.Linear linear, float[] input, Collection<Precision> precisions) {
    Map<Precision, LinearQuantizer> found = new HashMap<>();
    // The order matters: what is rotated last stays rotated.
    for (Rotation rotation : new Rotation[] {Rotation.NONE, Rotation.HADAMARD}) {
      if (precisions.stream().noneMatch(precision -> precision.rotation() == rotation)) {
        continue;
      }
      if (rotation == Rotation.HADAMARD) {
        int channels = linear.inFeatures();
        interpreter.rotation(channels).apply(input.length / channels, input, input);
      }
      float[] weight = LinearQuantizer.weight(interpreter, linear, rotation);
      float[] smoothing = Smoothing.factors(input, weight, linear.inFeatures(), alpha);
      for (Precision precision : precisions) {
        if (precision.rotation() == rotation && !found.containsKey(precision)) {
          found.put(precision, quantizer(linear, precision, input, weight, smoothing));
        }
      }
    }
    return found;
  }

  private LinearQuantizer quantizer(
      Operation.Linear linear,
      Precision precision,
      float[] input,
      float[] weight,
      float[] smoothing) {
    float[] reciprocal = Smoothing.reciprocal(smoothing);
    float[] smoothed = Smoothing.weight(weight, smoothing);
    return new LinearQuantizer(
        linear,
        precision,
        smoothing,
        search.weights(interpreter.parallel(), smoothed, smoothing.length, precision.weightLimit()),
        inputScale(linear, precision, input, reciprocal));
  }

  private InputScale inputScale(
      Operation.Linear linear, Precision precision, float[] input, float[] reciprocal) {
    int limit = precision.activationLimit();
    return precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN
        ? new InputScale.Dynamic(
            ShareSearch.share(interpreter.parallel(), input, reciprocal, limit))
        : search.activations(
            interpreter.parallel(),
            input,
            interpreter.network().shape(linear.input()).tokens(),
            reciprocal,
            limit);
  }
}
