package io.github.ptq4vm.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Whether oneDNN may be used here. Touches nothing of the optional dependency unless it is there
 * and the processor is one it is good for: loading the library takes time.
 */
final class OneDnn {
  private static final String MARKER = "org/bytedeco/dnnl/global/dnnl.class";

  private OneDnn() {}

  /** Why oneDNN cannot be used here and what to do about it, in full sentences, or empty. */
  static String obstacle() {
    String processor = processorObstacle(system(), cpuInfo());
    if (!processor.isEmpty()) {
      return processor;
    }
    return isPresent()
        ? OneDnnLibrary.obstacle()
        : "This processor has an 8 bit dot product, with which quantized linears are several times"
            + " as fast: add the dependency org.bytedeco:dnnl as docs/cpu.md says.";
  }

  /** Whether the dependency is on the class path. */
  static boolean isPresent() {
    ClassLoader loader = OneDnn.class.getClassLoader();
    return loader != null && loader.getResource(MARKER) != null;
  }

  /**
   * What in the machine stands against oneDNN.
   *
   * @param system operating system and processor architecture
   * @param cpuInfo what Linux says about the processor
   */
  static String processorObstacle(String system, String cpuInfo) {
    if (!system.equals("linux amd64")) {
      return "oneDNN is used on Linux on x86-64 only, and this is " + system + ".";
    }
    if (!cpuInfo.contains("avx512_vnni") && !cpuInfo.contains("avx_vnni")) {
      return "oneDNN is not used, because this processor has no 8 bit dot product (VNNI): without"
          + " one its sums are not exact.";
    }
    return "";
  }

  private static String system() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT)
        + " "
        + System.getProperty("os.arch", "");
  }

  private static String cpuInfo() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo"));
    } catch (IOException e) {
      return "";
    }
  }
}
