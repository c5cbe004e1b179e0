package io.github.ptq4vm.cpu;

import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Chooses a provider of kernels: the Vector API where it is there and fast, plain loops elsewhere.
 * The system property {@code ptq4vm.cpu.provider} ({@code scalar} or {@code vector}) forces one.
 * The choice and its reason are logged once.
 */
final class KernelProviders {
  /** Name of the property that forces a provider. */
  static final String PROPERTY = "ptq4vm.cpu.provider";

  private static final String MODULE = "jdk.incubator.vector";
  private static final System.Logger LOG = System.getLogger(KernelProviders.class.getName());
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  private KernelProviders() {}

  /** The provider for this JVM. */
  static CpuKernels select() {
    return select(System.getProperty(PROPERTY, ""), vectorObstacle());
  }

  /**
   * The provider for a wish and what stands against the Vector API.
   *
   * @param wish {@code scalar}, {@code vector} or empty
   * @param obstacle a full sentence that says what to do, or empty if nothing stands against it
   */
  static CpuKernels select(String wish, String obstacle) {
    switch (wish) {
      case "scalar":
        log(Level.INFO, "CPU kernels: scalar, because -D" + PROPERTY + "=scalar asks for them.");
        return new ScalarKernels();
      case "vector":
        if (!obstacle.isEmpty()) {
          throw new IllegalStateException(
              "-D" + PROPERTY + "=vector cannot be obeyed. " + obstacle);
        }
        return vector();
      case "":
        if (obstacle.isEmpty()) {
          return vector();
        }
        log(
            Level.INFO,
            "CPU kernels: scalar, good for single images; the vector kernels are faster for many. "
                + obstacle);
        return new ScalarKernels();
      default:
        throw new IllegalArgumentException(
            "-D"
                + PROPERTY
                + "="
                + wish
                + " names no provider of CPU kernels. Choose scalar or vector, or leave it out.");
    }
  }

  private static CpuKernels vector() {
    CpuKernels kernels = new VectorKernels();
    log(Level.INFO, "CPU kernels: vector, on registers of " + VectorMath.LANES + " floats.");
    return kernels;
  }

  /** Why the Vector API cannot be used here and what to do about it, or empty. */
  private static String vectorObstacle() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return "The module "
          + MODULE
          + " is missing: start Java with it, as in \"java --add-modules "
          + MODULE
          + " -jar ...\".";
    }
    return obstacleOf(System.getProperty("java.vm.info", ""));
  }

  /** What in the description of a virtual machine stands against the Vector API, or empty. */
  static String obstacleOf(String vmInfo) {
    if (vmInfo.contains("interpreted") || vmInfo.contains("emulated-client")) {
      return "The optimizing compiler of the JVM is off ("
          + vmInfo
          + "), without which the Vector API is slow: leave out -Xint and -XX:TieredStopAtLevel.";
    }
    return "";
  }

  private static void log(Level level, String message) {
    if (LOGGED.add(message)) {
      LOG.log(level, message);
    }
  }
}
