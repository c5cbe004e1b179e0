package io.github.ptq4vm.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Whether oneDNN may be used here. Touches nothing of the optional dependency: loading the library
 * takes time.
 */
final class OneDnn {
  private static final String MARKER = "org/bytedeco/dnnl/global/dnnl.class";

  private OneDnn() {}

  /** Why oneDNN cannot be used here and what to do about it, in full sentences, or empty. */
  static String obstacle() {
    return obstacle(system(), hasDotProduct(), isPresent());
  }

  /**
   * What stands against oneDNN before anything of it is loaded.
   *
   * @param system operating system and processor architecture
   */
  static String obstacle(String system, boolean hasDotProduct, boolean isPresent) {
    if (!system.equals("linux amd64")) {
      return "oneDNN is used on Linux on x86-64 only, and this is " + system + ".";
    }
    if (!isPresent) {
      return "oneDNN is not on the class path: with org.bytedeco:dnnl and its natives (the page \"On"
          + " the processor\" of the documentation lists them) quantized linears"
          + (hasDotProduct ? " would be several times as fast." : " of 4 bits would be faster.");
    }
    return "";
  }

  /** Whether the dependency is on the class path. */
  static boolean isPresent() {
    ClassLoader loader = OneDnn.class.getClassLoader();
    return loader != null && loader.getResource(MARKER) != null;
  }

  /**
   * Whether the processor has an 8 bit dot product (VNNI). Without one, oneDNN adds two products in
   * 16 bits, and these are not wide enough for codes and weights of 8 bits.
   */
  static boolean hasDotProduct() {
    try {
      String cpuInfo = Files.readString(Path.of("/proc/cpuinfo"));
      return cpuInfo.contains("avx512_vnni") || cpuInfo.contains("avx_vnni");
    } catch (IOException e) {
      return false;
    }
  }

  private static String system() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT)
        + " "
        + System.getProperty("os.arch", "");
  }
}
