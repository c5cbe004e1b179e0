package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.Ptq4vmException;
import io.github.ptq4vm.benchmarks.cpu.CpuCommand;
import io.github.ptq4vm.compiler.CompileException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Entry of the benchmarks. Exit status 0 means that all criteria are met, 1 that some is not. */
@Command(
    name = "run.sh",
    description = "Prints the figures of docs/results.",
    mixinStandardHelpOptions = true,
    subcommands = {
      AblationCommand.class,
      AccuracyCommand.class,
      CompileTimeCommand.class,
      CostCommand.class,
      CpuCommand.class,
      FirstPredictionCommand.class,
      GpuSamplesCommand.class,
      LatencyCommand.class,
      LogitsCommand.class
    })
public final class Main implements Runnable {
  static final int NOT_MET = 1;
  private static final int PROBLEM = 2;

  @Spec private CommandSpec spec;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  Main() {}

  /** Runs a command and exits with its status. */
  public static void main(String[] arguments) {
    CommandLine commandLine = commandLine();
    commandLine.setOut(
        new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true));
    commandLine.setErr(
        new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8), true));
    System.exit(commandLine.execute(arguments));
  }

  /** The command line, not yet bound to streams. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (problem, line, result) -> {
              if (problem instanceof CompileException || problem instanceof Ptq4vmException) {
                line.getErr().println(problem.getMessage());
              } else {
                problem.printStackTrace(line.getErr());
              }
              return PROBLEM;
            });
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command; --help lists them.");
  }
}
