package io.github.ptq4vm.benchmarks.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A line of the list in a folder of trained models.
 *
 * @param name the model
 * @param variant its precision
 * @param jar file name of its artifact
 * @param images file name of its {@link Pixels}
 */
public record TrainedSample(String name, String variant, String jar, String images) {
  private static final String LIST = "samples.csv";

  /** Writes the list of a folder. */
  public static void write(List<TrainedSample> samples, Path folder) throws IOException {
    Files.write(
        folder.resolve(LIST),
        samples.stream()
            .map(one -> String.join(",", one.name(), one.variant(), one.jar(), one.images()))
            .toList(),
        StandardCharsets.UTF_8);
  }

  /** Reads the list of a folder. */
  static List<TrainedSample> list(Path folder) throws IOException {
    return Files.readAllLines(folder.resolve(LIST), StandardCharsets.UTF_8).stream()
        .map(line -> line.split(","))
        .map(cells -> new TrainedSample(cells[0], cells[1], cells[2], cells[3]))
        .toList();
  }
}
