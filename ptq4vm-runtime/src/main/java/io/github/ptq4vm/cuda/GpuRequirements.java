package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;

/** Which devices can run the kernels. */
final class GpuRequirements {
  /** CUDA 11.4, the first driver with all functions that we call; newer GPUs need newer drivers. */
  private static final int DRIVER = 11040;

  private static final String DRIVER_NAME = "CUDA 11.4 (driver 470 or newer)";

  private static final int OLDEST_MAJOR = 8;

  private GpuRequirements() {}

  /**
   * Checks driver and device.
   *
   * @return the device
   * @throws GpuUnavailableException if it is not there or cannot run the kernels
   */
  static CudaDevice check(CudaDriver driver, int ordinal) {
    int version = driver.version();
    if (version < DRIVER) {
      throw new GpuUnavailableException(
          "The NVIDIA driver is too old: it knows CUDA "
              + version / 1000
              + "."
              + version % 1000 / 10
              + ", and "
              + DRIVER_NAME
              + " is needed. Update the driver, or run the model on the CPU.");
    }
    int count = driver.deviceCount();
    if (ordinal < 0 || ordinal >= count) {
      throw new GpuUnavailableException(
          "There is no GPU "
              + ordinal
              + ": the driver sees "
              + (count == 0 ? "none" : count == 1 ? "only GPU 0" : "GPUs 0 to " + (count - 1))
              + ". CUDA_VISIBLE_DEVICES and, in a container, the option --gpus say which a process"
              + " sees.");
    }
    CudaDevice device = driver.device(ordinal);
    if (device.major() < OLDEST_MAJOR) {
      throw new GpuUnavailableException(
          "The GPU "
              + device
              + " is too old: the kernels need compute capability 8.0 (Ampere, such as A100 or RTX"
              + " 30) or newer, and it has "
              + device.major()
              + "."
              + device.minor()
              + ". Run the model on the CPU.");
    }
    return device;
  }
}
