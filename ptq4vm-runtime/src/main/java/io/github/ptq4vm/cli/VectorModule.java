package io.github.ptq4vm.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Starts the command line once more with the Vector API, an incubating module that {@code java
 * -jar} leaves out and that a running JVM cannot add. The vector kernels are worth the second start
 * many times over.
 */
final class VectorModule {

  private static final String MODULE = "jdk.incubator.vector";

  private VectorModule() {}

  /**
   * Runs the command line in a JVM with the module, on this JVM's streams.
   *
   * @return its exit status, or nothing if this JVM has the module or can have none
   */
  static OptionalInt relaunch(String[] arguments) {
    if (ModuleLayer.boot().findModule(MODULE).isPresent()
        || ModuleFinder.ofSystem().find(MODULE).isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      Process process = new ProcessBuilder(command(arguments)).inheritIO().start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
      return OptionalInt.of(process.waitFor());
    } catch (IOException noSecondJvm) {
      return OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.of(Main.USAGE_OR_MODEL_PROBLEM);
    }
  }

  private static List<String> command(String[] arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("--add-modules=" + MODULE);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }
}
