package io.github.ptq4vm.benchmarks.cpu;

/**
 * Work to be timed.
 *
 * @param model name of a released size
 * @param side pixels of an image's side
 * @param threads how many threads may work on it
 * @param batch images at a time
 */
record Load(String model, int side, int threads, int batch) {}
