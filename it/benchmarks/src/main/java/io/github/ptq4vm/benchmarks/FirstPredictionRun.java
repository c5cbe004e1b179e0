package io.github.ptq4vm.benchmarks;

import com.google.gson.Gson;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.compiler.CompileException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One start of an application up to its first prediction, as the process that starts it sees it.
 *
 * @param millis from the start of the process to its answer
 * @param main of them, until its main method began
 * @param loading of them, until the model was loaded
 * @param processor milliseconds of processor time of all its threads
 * @param memory largest resident memory in bytes, 0 where it is not known
 */
record FirstPredictionRun(
    double millis, double main, double loading, double processor, long memory) {
  private static final String NATIVE_LIBRARIES = "bytedeco";

  /** Starts it and waits for its end. */
  static FirstPredictionRun of(List<String> flags, boolean nativeLibraries, Path jar, Path image)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command(flags, nativeLibraries, jar, image))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      @Nullable String answer = reader.readLine();
      long end = System.nanoTime();
      List<String> more = reader.lines().toList();
      if (process.waitFor() != 0 || answer == null || more.size() < 3) {
        throw new CompileException(
            "The model " + jar + " gave no prediction for " + image + "; see the message above.");
      }
      // Both processes read the same clock.
      long main = Long.parseLong(more.get(0));
      long loaded = Long.parseLong(more.get(1));
      long memory =
          more.size() < 4 ? 0 : Machine.kibibytes(more.get(3).substring("VmHWM:".length()));
      return new FirstPredictionRun(
          (end - start) / 1e6,
          (main - start) / 1e6,
          (loaded - main) / 1e6,
          Long.parseLong(more.get(2)),
          memory);
    }
  }

  /** Milliseconds from the loaded model to the answer. */
  double predicting() {
    return millis - main - loading;
  }

  /** The command line of the application. */
  static List<String> command(List<String> flags, boolean nativeLibraries, Path jar, Path image) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    List<String> classPath = new ArrayList<>();
    // What an application needs: the runtime and its one library.
    for (Class<?> type : List.of(QuantizedModel.class, Gson.class, FirstPrediction.class)) {
      classPath.add(location(type));
    }
    if (nativeLibraries) {
      classPath.addAll(nativeLibraries());
    }
    command.addAll(
        List.of(
            "-cp",
            String.join(File.pathSeparator, classPath),
            FirstPrediction.class.getName(),
            jar.toString(),
            image.toString()));
    return command;
  }

  /** Jars of native libraries that this process has on its class path. */
  static List<String> nativeLibraries() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.contains(NATIVE_LIBRARIES))
        .toList();
  }

  private static String location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("The class path has an entry that is no file.", e);
    }
  }
}
