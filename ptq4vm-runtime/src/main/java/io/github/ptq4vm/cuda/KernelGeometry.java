package io.github.ptq4vm.cuda;

/**
 * How a kernel is launched.
 *
 * @param kernel its name
 * @param block threads a block
 * @param sharedBytes dynamic shared memory a block
 */
record KernelGeometry(String kernel, int gridX, int gridY, int gridZ, int block, int sharedBytes) {}
