package io.github.ptq4vm.network;

/**
 * How a linear is quantized: an attribute of the operation, so that mixed precision and better
 * recipes are the same code.
 *
 * @param weightBits bits of a weight code, symmetric, in {@code [-(2^(b-1)-1), 2^(b-1)-1]}
 * @param activationBits bits of an input code, asymmetric, in {@code [0, 2^b-1]}
 * @param scale where the input's step size and zero point come from
 * @param rotation transform of the input channels
 */
public record Precision(
    int weightBits, int activationBits, ActivationScale scale, Rotation rotation) {

  /** Checks the bit widths: 2 to 8 each. */
  public Precision {
    if (weightBits < 2 || weightBits > 8 || activationBits < 2 || activationBits > 8) {
      throw new InvalidNetworkException(
          "A precision of W"
              + weightBits
              + "A"
              + activationBits
              + " is not supported: both widths must be between 2 and 8 bits.");
    }
  }

  /** Static per-token scales, no rotation. */
  public static Precision staticPerToken(int weightBits, int activationBits) {
    return new Precision(
        weightBits, activationBits, ActivationScale.STATIC_PER_TOKEN, Rotation.NONE);
  }

  /** Largest weight code, {@code 2^(b-1)-1}; the smallest is its negative. */
  public int weightLimit() {
    return (1 << (weightBits - 1)) - 1;
  }

  /** Largest input code, {@code 2^b-1}; the smallest is 0. */
  public int activationLimit() {
    return (1 << activationBits) - 1;
  }

  /** Whether two weight codes share a byte in the artifact. */
  public boolean packsTwoWeights() {
    return weightBits <= 4;
  }
}
