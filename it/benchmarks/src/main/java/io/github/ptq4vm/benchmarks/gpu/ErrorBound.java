package io.github.ptq4vm.benchmarks.gpu;

/**
 * How far a device's logits may be from the processor's.
 *
 * <p>Half precision, or another order of sums, now and then moves a value over the border between
 * two codes. Of eight bits, the neighbouring code is near, and every image is held to the bound;
 * moved codes alone take networks of 24 blocks to two hundredths. Of four bits it is so far that
 * one move leads to others, until the logits differ by about as much as quantization changed them
 * (docs/numerics.md): in single precision that happens to few images, and half of them are held to
 * the bound; in half precision to most, and what is held is the median of a trained model, whose
 * classes may hardly change. What filler weights do then says nothing; linears are compared one by
 * one in {@link LinearParity}.
 *
 * @param share of the images that are held to the error
 * @param error largest distance, relative to the norm of the logits
 * @param otherClass largest share of images whose best class is another one
 */
record ErrorBound(double share, double error, double otherClass) {
  private static final double COARSE_ERROR = 0.2;
  private static final double COARSE_OTHER_CLASS = 0.06;

  static ErrorBound of(Bits bits, boolean single, boolean trained, double error) {
    double otherClass = trained ? COARSE_OTHER_CLASS : 1;
    if (bits.activations() > 6) {
      return new ErrorBound(1, error, otherClass);
    }
    if (single || bits.activations() > 4) {
      return new ErrorBound(0.5, error, otherClass);
    }
    return new ErrorBound(0.5, trained ? COARSE_ERROR : 1, otherClass);
  }

  boolean holds(LogitsComparison comparison) {
    double other = (double) comparison.otherClass().size() / comparison.images();
    return Double.isFinite(comparison.quantile(1))
        && comparison.quantile(share) <= error
        && other <= otherClass;
  }
}
