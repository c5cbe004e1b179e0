package it;

import io.github.ptq4vm.QuantizedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Prints the label that the model gives to every image of a folder. */
public final class Main {
  private Main() {}

  /** Runs the application. */
  public static void main(String[] args) throws IOException {
    List<Path> images;
    try (Stream<Path> files = Files.list(Path.of(args[0]))) {
      images = files.sorted().toList();
    }
    try (QuantizedModel model = QuantizedModel.load("it.ptq4vm", "local-vim-model", "w8a8")) {
      for (Path image : images) {
        System.out.println("label=" + model.classify(image).get(0).label());
      }
    }
  }
}
