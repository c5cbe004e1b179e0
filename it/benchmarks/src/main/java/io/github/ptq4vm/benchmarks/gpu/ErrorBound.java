package io.github.ptq4vm.benchmarks.gpu;

/**
 * How far a device's logits may be from the processor's.
 *
 * <p>Half precision, or another order of sums, now and then moves a value over the border between
 * two codes. Of eight bits, the neighbouring code is near, and every image is held to the bound;
 * moved codes alone take networks of 24 blocks to two hundredths. Of four bits it is so far that one move leads to others, until the logits differ by about as much as
 * quantization changed them (docs/numerics.md): in half precision that happens to most images, and
 * they are held to nothing; in single precision to few, and nine of ten images are held to the
 * bound.
 *
 * @param share of the images that are held to the bound
 * @param error largest distance, relative to the norm of the logits
 */
record ErrorBound(double share, double error) {

  static ErrorBound of(Bits bits, boolean single, double error) {
    if (bits.activations() > 6) {
      return new ErrorBound(1, error);
    }
    return new ErrorBound(single || bits.activations() > 4 ? 0.9 : 0, error);
  }

  boolean holds(LogitsComparison comparison) {
    double worst = comparison.quantile(1);
    return Double.isFinite(worst) && (share == 0 || comparison.quantile(share) <= error);
  }
}
