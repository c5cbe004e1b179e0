package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.QuantizedWeights;

/** Places the parameters of quantized linears among the constants. */
final class LinearParameters {
  private final Model model;
  private final Constants constants;

  LinearParameters(Model model, Constants constants) {
    this.model = model;
    this.constants = constants;
  }

  /** Parameters of a linear of its own. */
  LinearConstants ordered(Operation.Linear linear) {
    QuantizedWeights weights = QuantizedWeights.of(model, linear);
    // Codes of few bits share bytes in the model; on the GPU they do so too.
    boolean fourBits = linear.precision() != null && linear.precision().packsTwoWeights();
    return LinearConstants.ordered(
        linear.output(), weights, quantizer(linear, weights), fourBits, constants);
  }

  /** Parameters of dt_proj on the way into a scan. */
  LinearConstants rows(Operation.Linear linear) {
    QuantizedWeights weights = QuantizedWeights.of(model, linear);
    return LinearConstants.rows(linear.output(), weights, quantizer(linear, weights), constants);
  }

  /** The quantizer of a linear's input. */
  InputQuantizer quantizer(Operation.Linear linear) {
    return quantizer(linear, QuantizedWeights.of(model, linear));
  }

  private InputQuantizer quantizer(Operation.Linear linear, QuantizedWeights weights) {
    long smoothing = constants.floats(linear.inputSmoothing(), weights::inputSmoothing);
    InputQuantizer quantizer =
        weights.inputScale() instanceof InputScale.Dynamic dynamic
            ? InputQuantizer.dynamic(smoothing, dynamic.range(), weights.inputLimit())
            : InputQuantizer.fixed(
                smoothing,
                constants.floats(linear.inputStep(), () -> model.floats(linear.inputStep())),
                constants.bytes(
                    linear.inputZeroPoint(), () -> model.bytes(linear.inputZeroPoint())),
                weights.inputLimit());
    ChannelRotation rotation = weights.rotation();
    if (rotation == null) {
      return quantizer;
    }
    String name = "rotation of " + rotation.channels();
    return quantizer.rotated(
        constants.floats(name, rotation::scale),
        constants.floats(name + " matrix", rotation::matrix),
        rotation.base());
  }
}
