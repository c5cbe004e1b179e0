package io.github.ptq4vm.benchmarks.cost;

/**
 * What something costs. All but the weights is for one image; weights are read once a batch.
 *
 * @param integerMultiplyAdds multiply-adds of codes, on tensor cores
 * @param halfMultiplyAdds multiply-adds of half-precision matrices, on tensor cores
 * @param floatOperations float32 instructions: an addition, product, comparison, conversion or
 *     fused multiply-add counts one
 * @param exponentials exponentials
 * @param activationBytes bytes read and written for an image
 * @param weightBytes bytes of parameters read for a batch
 */
public record Work(
    long integerMultiplyAdds,
    long halfMultiplyAdds,
    long floatOperations,
    long exponentials,
    long activationBytes,
    long weightBytes) {

  /** Nothing. */
  public static final Work NONE = new Work(0, 0, 0, 0, 0, 0);

  /** Multiply-adds of codes. */
  static Work integer(long multiplyAdds) {
    return new Work(multiplyAdds, 0, 0, 0, 0, 0);
  }

  /** Multiply-adds of half-precision matrices. */
  static Work half(long multiplyAdds) {
    return new Work(0, multiplyAdds, 0, 0, 0, 0);
  }

  /** Elementwise arithmetic. */
  static Work elementwise(long floatOperations, long exponentials) {
    return new Work(0, 0, floatOperations, exponentials, 0, 0);
  }

  /** Memory traffic. */
  static Work bytes(long activations, long weights) {
    return new Work(0, 0, 0, 0, activations, weights);
  }

  /** Both. */
  public Work plus(Work other) {
    return new Work(
        integerMultiplyAdds + other.integerMultiplyAdds,
        halfMultiplyAdds + other.halfMultiplyAdds,
        floatOperations + other.floatOperations,
        exponentials + other.exponentials,
        activationBytes + other.activationBytes,
        weightBytes + other.weightBytes);
  }

  /** One of so many equal parts of the arithmetic and the traffic; weights are needed whole. */
  Work share(int parts) {
    return new Work(
        integerMultiplyAdds / parts,
        halfMultiplyAdds / parts,
        floatOperations / parts,
        exponentials / parts,
        activationBytes / parts,
        weightBytes);
  }

  /** Bytes for a batch. */
  public long bytes(int batch) {
    return batch * activationBytes + weightBytes;
  }
}
