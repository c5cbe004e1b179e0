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
   * Puts a batch on the device, to be timed there.
   *
   * @param images a batch
   */
  Timing prepare(float[][] images);

  @Override
  void close();
}
