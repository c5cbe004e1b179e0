package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The input side of a quantized linear: rows of floats become codes, formula by formula. */
final class ScalarInput {
  private final QuantizedWeights weights;

  ScalarInput(QuantizedWeights weights) {
    this.weights = weights;
  }

  /** What turns the codes of a row back into values: {@code (code - zeroPoint) * step}. */
  record RowScale(float step, int zeroPoint) {}

  /**
   * Quantizes a row.
   *
   * @param token the row's position, which static scales go by
   * @param codes result, at least {@code inFeatures}
   */
  RowScale quantize(Matrix x, int row, int token, int[] codes) {
    int in = weights.inFeatures();
    float[] v = Arrays.copyOfRange(x.data(), x.at(row), x.at(row) + in);
    @Nullable ChannelRotation rotation = weights.rotation();
    if (rotation != null) {
      rotation.apply(v);
    }
    for (int k = 0; k < in; k++) {
      v[k] *= weights.inputSmoothing()[k];
    }
    RowScale scale = scale(v, token);
    float inverseStep = 1f / scale.step();
    for (int k = 0; k < in; k++) {
      codes[k] = code(v[k] * inverseStep, scale.zeroPoint());
    }
    return scale;
  }

  private RowScale scale(float[] v, int token) {
    if (weights.inputScale() instanceof InputScale.Static fixed) {
      return new RowScale(fixed.step()[token], fixed.zeroPoint()[token]);
    }
    InputScale.Dynamic dynamic = (InputScale.Dynamic) weights.inputScale();
    float smallest = v[0];
    float largest = v[0];
    for (float value : v) {
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    float step = dynamic.step(smallest, largest, weights.inputLimit());
    return new RowScale(step, dynamic.zeroPoint(smallest, step, weights.inputLimit()));
  }

  /** {@code clamp(rint(scaled) + zero, 0, limit)}. */
  private int code(float scaled, int zero) {
    // Bounds that no code reaches keep the sum with the zero point inside an int.
    int rounded = (int) Math.rint(Math.max(-512f, Math.min(512f, scaled)));
    return Math.max(0, Math.min(weights.inputLimit(), rounded + zero));
  }
}
