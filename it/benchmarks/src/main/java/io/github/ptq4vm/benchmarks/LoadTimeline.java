package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * When an application with a native library printed what while it started: the loader of the
 * library tells each of its steps, so the time until the next line is that step's.
 */
final class LoadTimeline {
  private static final String TALK = "-Dorg.bytedeco.javacpp.logger.debug=true";
  private static final double SHOWN_MILLIS = 5;

  private LoadTimeline() {}

  /** A line and when it came, milliseconds after the start. */
  private record Line(double at, String text) {}

  /** Runs the application once and prints steps that took time. */
  static void print(List<String> flags, Path jar, Path image, PrintWriter out)
      throws IOException, InterruptedException {
    List<String> talking = new ArrayList<>(flags);
    talking.add(TALK);
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(FirstPredictionRun.command(talking, true, jar, image))
            .redirectErrorStream(true)
            .start();
    List<Line> lines = new ArrayList<>();
    lines.add(new Line(0, "start of the process"));
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(new Line((System.nanoTime() - start) / 1e6, line));
      }
    }
    if (process.waitFor() != 0) {
      throw new CompileException(
          "The model " + jar + " gave no prediction for " + image + " with a native library.");
    }
    out.printf(
        Locale.ROOT,
        "%nOne start with the native library's loader telling its steps; steps of at least %.0f"
            + " ms.%n%n| at ms | took ms | step |%n|---|---|---|%n",
        SHOWN_MILLIS);
    for (int i = 0; i + 1 < lines.size(); i++) {
      double took = lines.get(i + 1).at() - lines.get(i).at();
      if (took >= SHOWN_MILLIS) {
        out.printf(
            Locale.ROOT,
            "| %.0f | %.0f | %s |%n",
            lines.get(i).at(),
            took,
            withoutFolders(lines.get(i).text()));
      }
    }
  }

  /** A line without the folders of the machine it was printed on. */
  static String withoutFolders(String line) {
    return line.replaceAll("(?<=^|[\\s:\"'!])/(?:[^\\s/]+/)+", "").replace("|", "\\|");
  }
}
