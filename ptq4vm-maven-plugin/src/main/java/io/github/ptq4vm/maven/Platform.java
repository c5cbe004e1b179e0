package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import java.util.Locale;
import java.util.Set;

/** Names the machine's platform as DJL's artifacts do, in their classifiers. */
final class Platform {
  /** The platforms for which PyTorch's native library is published in the version used. */
  private static final Set<String> PUBLISHED =
      Set.of("linux-x86_64", "linux-aarch64", "osx-aarch64", "win-x86_64");

  private Platform() {}

  /**
   * The classifier of an operating system and a processor.
   *
   * @param osName as in the system property {@code os.name}
   * @param osArch as in the system property {@code os.arch}
   * @throws CompileException if there is no native library for them
   */
  static String classifier(String osName, String osArch) {
    String classifier = system(osName.toLowerCase(Locale.ROOT)) + "-" + processor(osArch);
    if (!PUBLISHED.contains(classifier)) {
      throw new CompileException(
          "Models cannot be quantized on this platform ("
              + osName
              + ", "
              + osArch
              + "), because PyTorch's native library is published only for "
              + PUBLISHED.stream().sorted().toList()
              + ". Quantize on one of these; the finished jar runs everywhere.");
    }
    return classifier;
  }

  private static String system(String name) {
    if (name.startsWith("mac") || name.startsWith("darwin")) {
      return "osx";
    }
    return name.startsWith("windows") ? "win" : name;
  }

  private static String processor(String arch) {
    return switch (arch.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64", "x64" -> "x86_64";
      case "aarch64", "arm64" -> "aarch64";
      default -> arch;
    };
  }
}
