package io.github.ptq4vm.benchmarks.gpu;

import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** Runs the commands of this package, each of which is a program of its own. */
final class Commands {
  private Commands() {}

  /** Runs a command and exits with its status. */
  static void run(Object command, String[] arguments) {
    System.exit(
        new CommandLine(command)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setOut(
                new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true))
            .execute(arguments));
  }
}
