package io.github.ptq4vm.compiler;

/**
 * How to quantize: the method, and the parameters of smoothing, the clipping search and JLSS. One
 * default serves every bit width ({@code docs/method.md}).
 *
 * @param method which ingredients beyond the method as published
 * @param alpha exponent of the activation maxima in the smoothing factor
 * @param steps gradient steps a block; 0 turns learning off
 * @param batch images a gradient step sees
 * @param rate learning rate, in units of one code at the end of the range
 * @param seed seeds the choice and the order of images
 */
public record Recipe(Method method, double alpha, int steps, int batch, double rate, long seed) {

  /** Which ingredients beyond the method as published. */
  public enum Method {
    /** Those that pay on held-out calibration images, for each kind of linear. */
    AUTO,
    /** None: static scales for each token, inputs as they are, weights rounded to nearest. */
    PTQ4VM
  }

  /** The defaults. */
  public static Recipe defaults() {
    return new Recipe(Method.AUTO, 0.5, 100, 32, 0.3, 0);
  }

  /** The same with another method. */
  public Recipe withMethod(Method other) {
    return new Recipe(other, alpha, steps, batch, rate, seed);
  }

  /** The same with another number of gradient steps. */
  public Recipe withSteps(int other) {
    return new Recipe(method, alpha, other, batch, rate, seed);
  }
}
