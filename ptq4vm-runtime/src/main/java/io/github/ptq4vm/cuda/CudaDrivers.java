package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/** Finds the CUDA driver, once a process. */
final class CudaDrivers {
  private static final System.Logger LOG = System.getLogger(CudaDrivers.class.getName());

  private static @Nullable CudaDriver driver;
  private static @Nullable GpuUnavailableException failure;

  private CudaDrivers() {}

  /**
   * The driver.
   *
   * @throws GpuUnavailableException if there is none that works; always with the same reason
   */
  static synchronized CudaDriver get() {
    if (driver == null && failure == null) {
      try {
        PrivateNatives.load(JCudaBinding::loadLibraries);
        // Starting the driver may take seconds.
        driver = new JCudaBinding();
      } catch (LinkageError e) {
        // The cause is dozens of lines of JCuda's; the advice has what matters of it.
        LOG.log(Level.DEBUG, "JCuda cannot be used.", e);
        failure = new GpuUnavailableException(NativesAdvice.of(e));
      } catch (CudaException e) {
        failure = new GpuUnavailableException(e.getMessage(), e);
      }
    }
    if (driver == null) {
      // A new one each time: its stack trace says who asked.
      throw new GpuUnavailableException(failure.getMessage(), failure.getCause());
    }
    return driver;
  }
}
