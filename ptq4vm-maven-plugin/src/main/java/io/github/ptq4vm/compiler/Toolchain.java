package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the bytes of an artifact depend on besides its inputs: equal toolchains and inputs give
 * equal bytes.
 */
final class Toolchain {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private Toolchain() {}

  static SortedMap<String, String> describe(
      CompileRequest request, TensorInterpreter interpreter, String cpuProvider) {
    SortedMap<String, String> map = new TreeMap<>();
    map.put("compiler", request.identity().tool());
    map.put("pytorch", interpreter.torch().version());
    map.put("kernels", interpreter.kernels());
    map.put("validation_kernels", cpuProvider);
    map.put("threads", Integer.toString(request.threads()));
    map.put("cpu", cpu());
    map.put("java", Integer.toString(Runtime.version().feature()));
    return map;
  }

  /** The CPU's name where the operating system tells it, else the architecture alone. */
  private static String cpu() {
    String architecture = System.getProperty("os.arch");
    if (!Files.isReadable(CPU_INFO)) {
      return architecture;
    }
    try (Stream<String> lines = Files.lines(CPU_INFO, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> architecture + ", " + line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(architecture);
    } catch (IOException e) {
      return architecture;
    }
  }
}
