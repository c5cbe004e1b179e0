package io.github.ptq4vm.cuda;

import java.util.Locale;

/** What to do when the native libraries cannot be loaded, from what the JVM says about it. */
final class NativesAdvice {

  private NativesAdvice() {}

  /** Full sentences for an error of loading or linking. */
  static String of(LinkageError error) {
    StringBuilder said = new StringBuilder();
    for (Throwable e = error; e != null; e = e.getCause()) {
      said.append(e).append('\n');
    }
    return of(
        said.toString(), System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  static String of(String said, String system, String architecture) {
    String platform = platform(system, architecture);
    if (platform.isEmpty()) {
      return "GPUs can be used on Linux and Windows on x86-64, and this is "
          + system
          + " on "
          + architecture
          + ".";
    }
    if (said.contains("No resource found")) {
      return "JCuda's native library is not on the class path, so that no GPU was looked for. Where"
          + " there is one, add the dependency org.jcuda:jcuda-natives:12.6.0 with the classifier "
          + platform
          + ".";
    }
    if (said.contains("libcuda.so") || said.contains("dependent librar")) {
      return "There is no NVIDIA driver: its library "
          + (platform.startsWith("linux") ? "libcuda.so.1" : "nvcuda.dll")
          + " is not on this machine or not on the search path. Install the driver; in a container,"
          + " start it with --gpus all.";
    }
    if (said.contains("failed to map segment")
        || said.contains("Permission denied")
        || said.contains("Operation not permitted")) {
      return "JCuda's native library cannot be run from the folder for temporary files "
          + System.getProperty("java.io.tmpdir")
          + ", probably because it is mounted noexec. Name another one with -Djava.io.tmpdir=, or"
          + " unpack the library and name its folder with -Djava.library.path=.";
    }
    if (said.contains("No space left")
        || said.contains("AccessDenied")
        || said.contains("ead-only")) {
      return "JCuda's native library cannot be unpacked to the folder for temporary files "
          + System.getProperty("java.io.tmpdir")
          + ". Name another one with -Djava.io.tmpdir=.";
    }
    if (said.contains("NoClassDefFoundError") && said.contains("jcuda")) {
      return "JCuda is not on the class path, or its native library failed to load before. Add the"
          + " dependency org.jcuda:jcuda:12.6.0, or see the first error.";
    }
    return "JCuda's native library cannot be loaded: " + firstLine(said);
  }

  /** The classifier of JCuda's natives, empty where there are none. */
  private static String platform(String system, String architecture) {
    String arch = architecture.toLowerCase(Locale.ROOT);
    if (!arch.equals("amd64") && !arch.equals("x86_64")) {
      return "";
    }
    String name = system.toLowerCase(Locale.ROOT);
    return name.startsWith("linux")
        ? "linux-x86_64"
        : name.startsWith("windows") ? "windows-x86_64" : "";
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("no reason given");
  }
}
