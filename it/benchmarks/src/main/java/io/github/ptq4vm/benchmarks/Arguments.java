package io.github.ptq4vm.benchmarks;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/** The command line as typed, for the head of a result. */
public final class Arguments {
  /** Where measurements are kept: a folder of one machine, on which no figure depends. */
  private static final Pattern KEEP = Pattern.compile("(^| )--keep[ =]\\S+");

  private Arguments() {}

  /** The command and what it was given. */
  public static String of(CommandSpec spec) {
    return of(spec.name(), spec.commandLine().getParseResult().originalArgs());
  }

  /** A command and what it was given, which may begin with the command again. */
  static String of(String command, List<String> arguments) {
    String all =
        Stream.concat(
                Stream.of(command),
                arguments.stream().filter(argument -> !argument.equals(command)))
            .collect(Collectors.joining(" "));
    return KEEP.matcher(all).replaceAll("");
  }
}
