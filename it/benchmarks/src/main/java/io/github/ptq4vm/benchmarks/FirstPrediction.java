package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.Prediction;
import io.github.ptq4vm.QuantizedModel;
import java.nio.file.Path;

/** What an application does until its first prediction, and nothing else. */
public final class FirstPrediction {
  private FirstPrediction() {}

  /**
   * Classifies one image and prints its class.
   *
   * @param arguments jar of the model, image file
   */
  public static void main(String[] arguments) {
    try (QuantizedModel model = QuantizedModel.load(Path.of(arguments[0]))) {
      Prediction best = model.classify(Path.of(arguments[1])).get(0);
      System.out.println(best.label());
    }
  }
}
