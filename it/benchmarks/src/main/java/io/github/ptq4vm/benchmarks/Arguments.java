package io.github.ptq4vm.benchmarks;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/** The command line as typed, for the head of a result. */
final class Arguments {
  private Arguments() {}

  /** The command and what it was given. */
  static String of(CommandSpec spec) {
    return Stream.concat(
            Stream.of(spec.name()),
            spec.commandLine().getParseResult().originalArgs().stream()
                .filter(argument -> !argument.equals(spec.name())))
        .collect(Collectors.joining(" "));
  }
}
