package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.Prediction;
import io.github.ptq4vm.QuantizedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What an application does until its first prediction, and nothing else before it. */
public final class FirstPrediction {
  private static final Path STATUS = Path.of("/proc/self/status");

  private FirstPrediction() {}

  /**
   * Classifies one image and prints its class; on lines after that, when the clock of {@link
   * System#nanoTime} reached the start of this method and the end of loading, milliseconds of
   * processor time so far, and the line of the process's status with its largest resident memory,
   * where there is one.
   *
   * @param arguments jar of the model, image file
   */
  public static void main(String[] arguments) throws IOException {
    long started = System.nanoTime();
    try (QuantizedModel model = QuantizedModel.load(Path.of(arguments[0]))) {
      long loaded = System.nanoTime();
      Prediction best = model.classify(Path.of(arguments[1])).get(0);
      System.out.println(best.label());
      System.out.println(started);
      System.out.println(loaded);
      System.out.println(
          ProcessHandle.current().info().totalCpuDuration().map(Duration::toMillis).orElse(0L));
      if (Files.isReadable(STATUS)) {
        Files.readAllLines(STATUS).stream()
            .filter(line -> line.startsWith("VmHWM:"))
            .forEach(System.out::println);
      }
    }
  }
}
