package io.github.ptq4vm.cuda;

/** How the kernels that do one simple operation are cut. */
final class ElementwiseGeometry {
  private static final int THREADS = 256;

  /** Channels and parts of the tokens that a block of {@code mean.cu} sums. */
  private static final int MEAN_CHANNELS = 32;

  /** Channels a thread of {@code rotate_pairs.cu} computes. */
  private static final int PAIR_CHANNELS = 8;

  /** Pixels a block of {@code image.cu} writes. */
  private static final int PIXELS = 1024;

  private ElementwiseGeometry() {}

  /** The geometry of a mean over tokens. */
  static KernelGeometry mean(MeanParams params) {
    return new KernelGeometry(
        "mean",
        blocks(params.channels(), MEAN_CHANNELS),
        params.images(),
        1,
        THREADS,
        THREADS * Double.BYTES);
  }

  /** The geometry of a rotation of pairs of channels. */
  static KernelGeometry rotatePairs(RotatePairsParams params) {
    int threads = Math.multiplyExact(params.tokens(), blocks(params.channels(), PAIR_CHANNELS));
    return new KernelGeometry(
        "rotate_pairs", blocks(threads, THREADS), params.images(), 1, THREADS, 0);
  }

  /** The geometry of images becoming rows. */
  static KernelGeometry image(ImageParams params) {
    return new KernelGeometry(
        "image",
        blocks(params.pixelsPerImage(), PIXELS),
        params.images(),
        1,
        THREADS,
        params.type() == StorageType.CODES ? 3 * 256 * Float.BYTES : 0);
  }

  private static int blocks(int size, int block) {
    return (int) (((long) size + block - 1) / block);
  }
}
