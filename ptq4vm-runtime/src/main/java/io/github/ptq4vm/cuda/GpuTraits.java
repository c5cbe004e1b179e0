package io.github.ptq4vm.cuda;

/**
 * What the cut of the work depends on.
 *
 * @param sharedBytes shared memory a block can ask for
 * @param multiprocessors of the GPU
 */
record GpuTraits(int sharedBytes, int multiprocessors) {}
