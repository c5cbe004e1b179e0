package io.github.ptq4vm.network;

import org.jspecify.annotations.Nullable;

/**
 * A quantized linear as the kernels want it: one code a byte, and sums that are needed for every
 * token computed once.
 *
 * @param outFeatures rows of the weight
 * @param inFeatures columns of the weight
 * @param weight codes, row-major {@code [outFeatures, inFeatures]}
 * @param weightStep {@code [outFeatures]}
 * @param rowSum sum of the codes of each row, {@code [outFeatures]}
 * @param rowMagnitude sum of the absolute codes of each row, {@code [outFeatures]}
 * @param inputSmoothing reciprocal smoothing factors, {@code [inFeatures]}
 * @param inputScale where the input's steps and zero points come from
 * @param inputLimit largest input code
 * @param rotation transform of the input in front of the smoothing, or null for none
 * @param bias {@code [outFeatures]}, or null for none
 */
public record QuantizedWeights(
    int outFeatures,
    int inFeatures,
    byte[] weight,
    float[] weightStep,
    int[] rowSum,
    int[] rowMagnitude,
    float[] inputSmoothing,
    InputScale inputScale,
    int inputLimit,
    @Nullable ChannelRotation rotation,
    float @Nullable [] bias) {

  /** Reads, unpacks and checks the parameters of a linear that has a precision. */
  public static QuantizedWeights of(Model model, Operation.Linear linear) {
    Precision precision = linear.precision();
    if (precision == null) {
      throw new IllegalArgumentException("\"" + linear.output() + "\" is not quantized.");
    }
    int out = linear.outFeatures();
    int in = linear.inFeatures();
    byte[] stored = model.bytes(linear.weight());
    byte[] weight = precision.packsTwoWeights() ? unpack(stored, out, in) : stored;
    int[] sums = new int[out];
    int[] magnitudes = new int[out];
    for (int o = 0; o < out; o++) {
      long magnitude = 0;
      for (int k = 0; k < in; k++) {
        int code = weight[o * in + k];
        sums[o] += code;
        magnitude += Math.abs(code);
      }
      if (magnitude * precision.activationLimit() > Integer.MAX_VALUE / 2) {
        throw new InvalidNetworkException(
            "The linear \""
                + linear.output()
                + "\" has "
                + in
                + " input channels, more than sums of 32 bits can hold. Leave it in float32.");
      }
      magnitudes[o] = (int) magnitude;
    }
    return new QuantizedWeights(
        out,
        in,
        weight,
        positive(model, linear.weightStep()),
        sums,
        magnitudes,
        positive(model, linear.inputSmoothing()),
        precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN
            ? new InputScale.Dynamic(positive(model, linear.inputRange())[0])
            : fixedScale(model, linear, precision),
        precision.activationLimit(),
        precision.rotation() == Rotation.HADAMARD ? ChannelRotation.of(in) : null,
        linear.hasBias() ? model.floats(linear.bias()) : null);
  }

  private static InputScale fixedScale(Model model, Operation.Linear linear, Precision precision) {
    byte[] storedZeroPoints = model.bytes(linear.inputZeroPoint());
    int[] zeroPoint = new int[storedZeroPoints.length];
    for (int t = 0; t < zeroPoint.length; t++) {
      zeroPoint[t] = storedZeroPoints[t] & 0xff;
      if (zeroPoint[t] > precision.activationLimit()) {
        throw new InvalidNetworkException(
            "The tensor \""
                + linear.inputZeroPoint()
                + "\" holds zero point "
                + zeroPoint[t]
                + " at token "
                + t
                + " but the largest code is "
                + precision.activationLimit()
                + ". The model is damaged: build it again.");
      }
    }
    return new InputScale.Static(positive(model, linear.inputStep()), zeroPoint);
  }

  /** Two's complement nibbles to bytes; the even channel is in the low nibble. */
  private static byte[] unpack(byte[] packed, int out, int in) {
    byte[] codes = new byte[out * in];
    int rowBytes = (in + 1) / 2;
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        int pair = packed[o * rowBytes + k / 2];
        codes[o * in + k] = (byte) (k % 2 == 0 ? pair << 28 >> 28 : pair << 24 >> 28);
      }
    }
    return codes;
  }

  private static float[] positive(Model model, String tensor) {
    float[] values = model.floats(tensor);
    for (int i = 0; i < values.length; i++) {
      // The smallest floats have no finite reciprocal, and inputs are multiplied by that of a step.
      if (!(values[i] >= Float.MIN_NORMAL && values[i] < Float.POSITIVE_INFINITY)) {
        throw new InvalidNetworkException(
            "The tensor \""
                + tensor
                + "\" holds "
                + values[i]
                + " at index "
                + i
                + " but must be positive, finite and no subnormal number. The model is damaged: build it again.");
      }
    }
    return values;
  }
}
