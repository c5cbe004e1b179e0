package io.github.ptq4vm.benchmarks.gpu;

/** Runs one quantized model on one device. */
interface Engine extends AutoCloseable {

  /** The device and its kernels. */
  String name();

  /**
   * Logits of images.
   *
   * @param images each {@code 3 * height * width} normalised floats, plane by plane
   */
  float[][] run(float[][] images);

  /**
   * Times a batch from images that lie on the device to logits that lie there: what a peer is timed
   * for, too.
   *
   * @param images a batch
   * @param runs how many times
   * @return nanoseconds of each run
   */
  long[] time(float[][] images, int runs);

  @Override
  void close();
}
