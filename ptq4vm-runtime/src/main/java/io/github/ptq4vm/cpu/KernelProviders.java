package io.github.ptq4vm.cpu;

import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Chooses a provider of kernels: the Vector API where it is there and fast, with oneDNN's integer
 * products where the processor has instructions for them, plain loops elsewhere. The system
 * property {@code ptq4vm.cpu.provider} ({@code scalar}, {@code vector} or {@code onednn}) forces
 * one. The choice and its reason are logged once.
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
    return select(System.getProperty(PROPERTY, ""), vectorObstacle(), OneDnn.obstacle());
  }

  /**
   * The provider for a wish and what stands against the others.
   *
   * @param wish {@code scalar}, {@code vector}, {@code onednn} or empty
   * @param vectorObstacle what stands against the Vector API: full sentences that say what to do,
   *     or empty
   * @param oneDnnObstacle the same for oneDNN
   */
  static CpuKernels select(String wish, String vectorObstacle, String oneDnnObstacle) {
    switch (wish) {
      case "scalar":
        log(Level.INFO, "CPU kernels: scalar, because -D" + PROPERTY + "=scalar asks for them.");
        return new ScalarKernels();
      case "vector":
        require(wish, vectorObstacle);
        return vector("");
      case "onednn":
        require(wish, vectorObstacle);
        require(wish, oneDnnObstacle);
        return oneDnn();
      case "":
        if (!vectorObstacle.isEmpty()) {
          log(
              Level.INFO,
              "CPU kernels: scalar, good for single images; the vector kernels are faster for many. "
                  + vectorObstacle);
          return new ScalarKernels();
        }
        return oneDnnObstacle.isEmpty() ? oneDnn() : vector(" " + oneDnnObstacle);
      default:
        throw new IllegalStateException(
            "-D"
                + PROPERTY
                + "="
                + wish
                + " names no provider of CPU kernels. Choose scalar, vector or onednn, or leave it"
                + " out.");
    }
  }

  private static void require(String wish, String obstacle) {
    if (!obstacle.isEmpty()) {
      throw new IllegalStateException(
          "-D" + PROPERTY + "=" + wish + " cannot be obeyed. " + obstacle);
    }
  }

  private static CpuKernels vector(String reason) {
    CpuKernels kernels = new VectorKernels();
    log(
        Level.INFO,
        "CPU kernels: vector, on registers of " + VectorMath.LANES + " floats." + reason);
    return kernels;
  }

  private static CpuKernels oneDnn() {
    log(
        Level.INFO,
        "CPU kernels: onednn for quantized linears, vector on registers of "
            + VectorMath.LANES
            + " floats for the rest.");
    return new OneDnnKernels();
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

  /** Logs what becomes of a choice later, once. */
  static void tell(String message) {
    log(Level.INFO, message);
  }

  private static void log(Level level, String message) {
    if (LOGGED.add(message)) {
      LOG.log(level, message);
    }
  }
}
