package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;

/**
 * The provider on oneDNN: its integer product for quantized linears of some size, the vector
 * kernels for everything else. Must only be touched where {@link OneDnnLibrary#obstacle()} is none.
 */
final class OneDnnKernels extends VectorKernels {
  /**
   * Fewest input channels for which reading the sums back costs less than the faster product saves.
   */
  private static final int WORTHWHILE = 32;

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public QuantizedLinear linear(QuantizedWeights weights) {
    return weights.inFeatures() < WORTHWHILE
        ? super.linear(weights)
        : new OneDnnQuantizedLinear(weights);
  }
}
