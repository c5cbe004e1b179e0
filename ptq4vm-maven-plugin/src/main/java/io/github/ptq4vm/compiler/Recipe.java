package io.github.ptq4vm.compiler;

/**
 * How to quantize: the parameters of smoothing, the clipping search and JLSS. One default serves
 * every bit width ({@code docs/method.md}).
 *
 * @param alpha exponent of the activation maxima in the smoothing factor
 * @param steps gradient steps a block; 0 turns learning off
 * @param batch images a gradient step sees
 * @param rate learning rate, in units of one code at the end of the range
 * @param seed seeds the choice and the order of images
 */
public record Recipe(double alpha, int steps, int batch, double rate, long seed) {

  /** The defaults. */
  public static Recipe defaults() {
    return new Recipe(0.5, 100, 32, 0.3, 0);
  }
}
