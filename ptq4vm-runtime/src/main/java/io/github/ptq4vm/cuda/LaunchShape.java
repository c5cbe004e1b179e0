package io.github.ptq4vm.cuda;

/**
 * How many blocks a kernel runs in, and what each has.
 *
 * @param gridX blocks along x, up to 2^31 - 1
 * @param gridY blocks along y, up to 65535
 * @param gridZ blocks along z, up to 65535
 * @param threads of a block
 * @param sharedMemory bytes of shared memory of a block
 */
record LaunchShape(int gridX, int gridY, int gridZ, int threads, int sharedMemory) {

  private static final int MOST_BLOCKS = 65535;

  LaunchShape {
    if (gridX < 1 || gridY < 1 || gridZ < 1 || gridY > MOST_BLOCKS || gridZ > MOST_BLOCKS) {
      throw new IllegalArgumentException(
          "A launch cannot have "
              + gridX
              + " x "
              + gridY
              + " x "
              + gridZ
              + " blocks: it needs at least one, and at most 65535 along y and z.");
    }
    if (threads < 1 || threads > 1024 || sharedMemory < 0) {
      throw new IllegalArgumentException(
          "A block cannot have "
              + threads
              + " threads and "
              + sharedMemory
              + " bytes of shared memory.");
    }
  }
}
