package io.github.ptq4vm.compiler.worker;

import java.nio.file.Path;
import java.util.List;

/**
 * How to start a worker.
 *
 * @param java the {@code java} program of the JDK that this JVM runs on
 * @param classPath jars and folders with the compiler, DJL and PyTorch's native libraries
 * @param memory largest heap in the syntax of {@code -Xmx}, e.g. {@code 4g}
 * @param jvmArguments more arguments, after the worker's own
 * @param threads threads PyTorch and OpenMP may use
 * @param directory where the request, the argument file and the log go; created if missing
 */
public record WorkerSettings(
    Path java,
    List<Path> classPath,
    String memory,
    List<String> jvmArguments,
    int threads,
    Path directory) {

  /** Takes immutable copies of the lists. */
  public WorkerSettings {
    classPath = List.copyOf(classPath);
    jvmArguments = List.copyOf(jvmArguments);
  }

  /** The {@code java} program of the running JVM. */
  public static Path currentJava() {
    boolean windows = System.getProperty("os.name").startsWith("Windows");
    return Path.of(System.getProperty("java.home"), "bin", windows ? "java.exe" : "java");
  }
}
