package io.github.ptq4vm.benchmarks.gpu;

import java.util.Set;

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

  /** Names of the kernels that a batch launches; none on the processor. */
  default Set<String> kernels(float[][] images) {
    return Set.of();
  }

  @Override
  void close();
}
