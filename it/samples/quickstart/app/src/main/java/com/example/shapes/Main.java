package com.example.shapes;

import io.github.ptq4vm.Prediction;
import io.github.ptq4vm.QuantizedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Classifies labelled images with both precisions of the model and compares their top-1. */
public final class Main {
  private Main() {}

  /**
   * Runs the application.
   *
   * @param args a folder that holds one folder of images a class
   */
  public static void main(String[] args) throws IOException {
    List<Path> images;
    try (Stream<Path> files = Files.walk(Path.of(args[0]))) {
      images = files.filter(file -> file.toString().endsWith(".png")).sorted().toList();
    }
    try (QuantizedModel w8a8 = QuantizedModel.load("com.example.shapes", "shapes-model", "w8a8");
        QuantizedModel w4a4 = QuantizedModel.load("com.example.shapes", "shapes-model", "w4a4")) {
      // Only the quantized weights are in the artifacts; what the float model scored is on record.
      double fp32 = w8a8.manifest().description().metrics().get("fp32_top1");
      System.out.printf(
          Locale.ROOT,
          "%n  Top-1 on %d images   FP32 %.2f %%   W8A8 %.2f %%   W4A4 %.2f %%%n%n",
          images.size(),
          100 * fp32,
          100 * top1(w8a8, images),
          100 * top1(w4a4, images));
    }
  }

  private static double top1(QuantizedModel model, List<Path> images) {
    int right = 0;
    for (Path image : images) {
      List<Prediction> predictions = model.classify(image);
      String folder = image.getParent().getFileName().toString();
      if (predictions.get(0).label().equals(folder)) {
        right++;
      }
    }
    return (double) right / images.size();
  }
}
