package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;

/**
 * The provider on oneDNN: its integer product for quantized linears that it is exact and faster
 * for, the vector kernels for everything else. Loads the library for the first such linear, and
 * does without where that fails.
 */
final class OneDnnKernels extends VectorKernels {
  /** Fewest input channels for which its product is faster: with 12 both take the same time. */
  private static final int WORTHWHILE = 32;

  private final boolean hasDotProduct = OneDnn.hasDotProduct();

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public QuantizedLinear linear(QuantizedWeights weights) {
    if (weights.inFeatures() < WORTHWHILE) {
      return super.linear(weights);
    }
    if (!hasDotProduct && !isExactInPairs(weights)) {
      KernelProviders.tell(
          "CPU kernels: linears of 8 bits stay with vector, because this processor has no 8 bit dot"
              + " product (VNNI) and what oneDNN does instead would not be exact.");
      return super.linear(weights);
    }
    String obstacle = OneDnnLibrary.obstacle();
    if (!obstacle.isEmpty()) {
      KernelProviders.tell("CPU kernels: vector instead of oneDNN. " + obstacle);
      return super.linear(weights);
    }
    return new OneDnnQuantizedLinear(weights);
  }

  /** Whether no two products can leave 16 bits together. */
  static boolean isExactInPairs(QuantizedWeights weights) {
    int largest = 0;
    for (byte weight : weights.weight()) {
      largest = Math.max(largest, Math.abs(weight));
    }
    return 2 * largest * weights.inputLimit() <= Short.MAX_VALUE;
  }
}
