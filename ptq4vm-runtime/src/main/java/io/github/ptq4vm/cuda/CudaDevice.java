package io.github.ptq4vm.cuda;

/**
 * What a GPU is.
 *
 * @param ordinal its number in this process
 * @param name as the driver calls it
 * @param major compute capability before the point
 * @param minor compute capability behind the point
 * @param multiprocessors how many blocks can run at least at the same time
 * @param sharedMemory bytes of shared memory that a block can have at most
 * @param memory bytes of device memory
 */
record CudaDevice(
    int ordinal,
    String name,
    int major,
    int minor,
    int multiprocessors,
    int sharedMemory,
    long memory) {

  /** The compute capability as in {@code sm_80}: 80. */
  int architecture() {
    return 10 * major + minor;
  }

  /** Whether products of four bits are instructions of their own. */
  boolean multipliesFourBits() {
    return major == 8;
  }

  @Override
  public String toString() {
    return name + " (device " + ordinal + ", sm_" + architecture() + ")";
  }
}
