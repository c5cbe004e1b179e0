package io.github.ptq4vm.benchmarks;

import com.google.gson.Gson;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.compiler.CompileException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Prints how long an application takes from the start of its JVM, process included, to its first
 * prediction, with and without the Vector API.
 */
@Command(
    name = "first-prediction",
    description = "Milliseconds from the start of a JVM to the first prediction, as Markdown.",
    mixinStandardHelpOptions = true)
final class FirstPredictionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--runs", defaultValue = "15", description = "Runs (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Parameters(index = "0", paramLabel = "<jar>", description = "The model.")
  private Path jar;

  @Parameters(index = "1", paramLabel = "<image>", description = "An image.")
  private Path image;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  FirstPredictionCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    out.println(Machine.header(Arguments.of(spec)));
    out.printf("Jar of %d bytes, %d runs each%n%n", Files.size(jar), runs);
    out.println("| JVM | median ms | fastest | slowest |");
    out.println("|---|---|---|---|");
    row("java", List.of(), out);
    String vector = "--add-modules jdk.incubator.vector";
    row("java " + vector, List.of(vector.split(" ")), out);
    return 0;
  }

  private void row(String title, List<String> flags, PrintWriter out)
      throws IOException, InterruptedException {
    double[] milliseconds = new double[Math.max(1, runs)];
    for (int i = 0; i < milliseconds.length; i++) {
      milliseconds[i] = run(flags);
    }
    Arrays.sort(milliseconds);
    out.printf(
        Locale.ROOT,
        "| %s | %.0f | %.0f | %.0f |%n",
        title,
        median(milliseconds),
        milliseconds[0],
        milliseconds[milliseconds.length - 1]);
  }

  /** The middle of sorted values, or the mean of the two in the middle. */
  static double median(double[] sorted) {
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  private double run(List<String> flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath(), FirstPrediction.class.getName()));
    command.addAll(List.of(jar.toString(), image.toString()));
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    @Nullable String answer;
    long end;
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      answer = reader.readLine();
      end = System.nanoTime();
    }
    if (process.waitFor() != 0 || answer == null) {
      throw new CompileException(
          "The model " + jar + " gave no prediction for " + image + "; see the message above.");
    }
    return (end - start) / 1e6;
  }

  /** What an application needs: the runtime and its one library. */
  private static String classPath() {
    return Stream.of(QuantizedModel.class, Gson.class, FirstPrediction.class)
        .map(FirstPredictionCommand::location)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("The class path has an entry that is no file.", e);
    }
  }
}
