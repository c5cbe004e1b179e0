package io.github.ptq4vm.benchmarks.cpu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is timed: the executor with some kernels on a network of some recipe, or a peer.
 *
 * @param kernels kernels of the executor, or the peer's title
 * @param recipe recipe of the network, {@link Ask#FLOAT} for float32
 * @param variant precision, or an empty string for float32
 * @param peer the peer's name, or null for the executor
 */
record Contender(String kernels, String recipe, String variant, @Nullable String peer) {
  /** What a user gets without a flag and without a native library. */
  static final String NO_FLAG = "no flag";

  /** Everything there is, chosen by the runtime. */
  static final String CHOSEN = "chosen";

  /** What all others are compared with. */
  static final Contender BASE = peer("PyTorch, compiled scan", "compiled");

  /** All peers, the one that others are compared with first. */
  static final List<Contender> PEERS =
      List.of(
          BASE,
          peer("PyTorch, scan step by step", "stepwise"),
          peer("ONNX Runtime", "onnxruntime"));

  private static final String NATIVE_LIBRARIES = "bytedeco";

  private static Contender peer(String title, String name) {
    return new Contender(title, Ask.FLOAT, "", name);
  }

  /** The executor in float32. */
  static Contender inFloat(String kernels) {
    return new Contender(kernels, Ask.FLOAT, "", null);
  }

  /**
   * The command that starts its process.
   *
   * @param folder of the peers' scripts
   */
  List<String> command(Path folder) {
    if (peer != null) {
      return List.of("python3", folder.resolve("peer.py").toString());
    }
    return java(kernels, List.of());
  }

  /** A JVM with some kernels that runs {@link CpuWorker}. */
  static List<String> java(String kernels, List<String> more) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags(kernels));
    command.addAll(more);
    command.addAll(List.of("-cp", classPath(kernels), CpuWorker.class.getName()));
    return command;
  }

  /** What a user writes after {@code java} to get some kernels. */
  static List<String> flags(String kernels) {
    return switch (kernels) {
      case NO_FLAG -> List.of();
      case CHOSEN -> List.of("--add-modules", "jdk.incubator.vector");
      default ->
          List.of("--add-modules", "jdk.incubator.vector", "-Dptq4vm.cpu.provider=" + kernels);
    };
  }

  private static String classPath(String kernels) {
    String all = System.getProperty("java.class.path");
    return wantsNative(kernels)
        ? all
        : String.join(
            java.io.File.pathSeparator,
            List.of(all.split(java.io.File.pathSeparator)).stream()
                .filter(entry -> !entry.contains(NATIVE_LIBRARIES))
                .toList());
  }

  /** Whether the native library belongs on the class path. */
  static boolean wantsNative(String kernels) {
    return kernels.equals(CHOSEN) || kernels.equals("onednn");
  }
}
