package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.checkpoint.Filler;
import java.util.Random;

/** Reproducible numbers to test with, and how far two lists of numbers are apart. */
public final class Values {
  private Values() {}

  /** Normally distributed numbers. */
  public static float[] gaussian(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Uniformly distributed numbers of {@code [low, high)}. */
  public static float[] uniform(long seed, int count, double low, double high) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (low + (high - low) * random.nextDouble());
    }
    return values;
  }

  /** Filler images as preprocessing leaves them: R, G and B planes. */
  public static float[][] images(int count, int side) {
    return images(count, side, side);
  }

  /** As above, of any shape. */
  public static float[][] images(int count, int height, int width) {
    int pixels = height * width;
    float[][] images = new float[count][3 * pixels];
    for (int image = 0; image < count; image++) {
      float[] tokens = Filler.image(image, height, width).data();
      for (int i = 0; i < tokens.length; i++) {
        images[image][i % 3 * pixels + i / 3] = tokens[i];
      }
    }
    return images;
  }

  /** The same numbers as doubles. */
  public static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** Norm of the difference over the norm of what is expected, or itself if nothing is. */
  public static double relativeError(double[] actual, double[] expected) {
    if (actual.length != expected.length) {
      throw new IllegalArgumentException(
          actual.length + " numbers came but " + expected.length + " are expected.");
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < actual.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / (norm == 0 ? 1 : norm));
  }

  /** As above, for floats. */
  public static double relativeError(float[] actual, double[] expected) {
    return relativeError(doubles(actual), expected);
  }
}
