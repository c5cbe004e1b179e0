package io.github.ptq4vm.cli;

import io.github.ptq4vm.Ptq4vmException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Entry of the command line. Exit status 0 means that all went well, 1 that some image could not be
 * read, 2 that the arguments or the model are at fault.
 */
@Command(
    name = "ptq4vm",
    description = "Runs quantized Visual Mamba models.",
    mixinStandardHelpOptions = true,
    versionProvider = RuntimeVersion.class,
    subcommands = {PredictCommand.class, InspectCommand.class})
public final class Main implements Runnable {

  static final int IMAGE_PROBLEM = 1;
  static final int USAGE_OR_MODEL_PROBLEM = 2;

  @Spec private CommandSpec spec;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  Main() {}

  /** Runs a command and exits with its status. */
  public static void main(String[] arguments) {
    CommandLine commandLine = commandLine();
    commandLine.setOut(new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8)));
    commandLine.setErr(
        new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8), true));
    int status = commandLine.execute(arguments);
    commandLine.getOut().flush();
    System.exit(status);
  }

  /** The command line, not yet bound to streams. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (problem, line, result) -> {
              line.getErr().println(message(problem));
              return USAGE_OR_MODEL_PROBLEM;
            });
  }

  private static String message(Exception problem) {
    return problem instanceof Ptq4vmException
        ? problem.getMessage()
        : "Something went wrong that should not: " + problem + ". Please report it.";
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command: predict or inspect.");
  }
}
