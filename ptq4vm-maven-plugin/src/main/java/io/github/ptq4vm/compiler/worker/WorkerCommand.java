package io.github.ptq4vm.compiler.worker;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A worker's command line, written to an argument file: a class path may be longer than a command
 * line, and the file lets a user run the worker again.
 */
final class WorkerCommand {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private final WorkerSettings settings;
  private final String mainClass;

  WorkerCommand(WorkerSettings settings, String mainClass) {
    this.settings = settings;
    this.mainClass = mainClass;
  }

  /** The arguments of {@code java}. */
  List<String> arguments(Path request) {
    List<String> arguments = new ArrayList<>();
    arguments.add("-Xmx" + settings.memory());
    arguments.add("-Djava.awt.headless=true");
    arguments.add("-Dai.djl.offline=true");
    arguments.add("-DOPT_OUT_TRACKING=true");
    arguments.add("-Dai.djl.pytorch.num_threads=" + settings.threads());
    arguments.add("-Dai.djl.pytorch.num_interop_threads=1");
    if (ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent()) {
      arguments.add("--add-modules");
      arguments.add(VECTOR_MODULE);
    }
    // The just-in-time compiler gives up on a method that takes in too many vector loops; apart,
    // each of the scan's stays in registers: three times the speed of its gradient.
    arguments.add("-XX:CompileCommand=quiet");
    arguments.add("-XX:CompileCommand=dontinline,io.github.ptq4vm.compiler.tensor.ScanKernel::*");
    if (Runtime.version().feature() >= 22) {
      // From JDK 24 on loading a native library without this prints a warning (JEP 472).
      arguments.add("--enable-native-access=ALL-UNNAMED");
    }
    arguments.addAll(settings.jvmArguments());
    arguments.add("-cp");
    arguments.add(
        settings.classPath().stream()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    arguments.add(mainClass);
    arguments.add(request.toString());
    return arguments;
  }

  /** What is added to the environment. */
  Map<String, String> environment() {
    // OpenMP's default is to spin, which costs milliseconds a region when cores are shared.
    return Map.of(
        "OMP_WAIT_POLICY", "PASSIVE",
        "OMP_NUM_THREADS", Integer.toString(settings.threads()),
        "OPT_OUT_TRACKING", "true");
  }

  /** Writes the argument file and returns a process builder that uses it. */
  ProcessBuilder write(Path argumentFile, Path request) throws IOException {
    Files.write(
        argumentFile, arguments(request).stream().map(WorkerCommand::quote).toList(), encoding());
    ProcessBuilder builder = new ProcessBuilder(settings.java().toString(), "@" + argumentFile);
    builder.environment().putAll(environment());
    return builder;
  }

  /** In an argument file a quoted argument keeps its spaces, and a backslash escapes. */
  static String quote(String argument) {
    return '"' + argument.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** The launcher reads the file in the platform's encoding, like a command line. */
  private static Charset encoding() {
    String name = System.getProperty("sun.jnu.encoding");
    return name != null && Charset.isSupported(name)
        ? Charset.forName(name)
        : Charset.defaultCharset();
  }
}
