package io.github.ptq4vm.benchmarks.gpu;

/**
 * What is compared.
 *
 * @param model its name
 * @param recipe how it was quantized
 * @param bits widths of its codes
 * @param trained whether its weights mean something
 */
record ParityCase(String model, String recipe, Bits bits, boolean trained) {

  /** Cells of a table. */
  @Override
  public String toString() {
    return String.join(" | ", model, recipe, bits.toString());
  }
}
