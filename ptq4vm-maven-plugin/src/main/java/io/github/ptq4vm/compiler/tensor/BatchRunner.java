package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Runs sections on more images than fit at once, a few at a time. Only the value between two
 * sections is held for all images.
 */
public final class BatchRunner {
  /**
   * Rows, images times tokens, that run at once: enough to fill the cores, few enough for memory.
   */
  private static final int ROWS = 1 << 13;

  private final TensorInterpreter interpreter;

  /** Runs on an interpreter. */
  public BatchRunner(TensorInterpreter interpreter) {
    this.interpreter = interpreter;
  }

  /** Hears the inputs of linears for the images from {@code firstImage} on. */
  @FunctionalInterface
  public interface Observer {
    /** Hears nothing. */
    Observer NONE = (linear, firstImage, input) -> {};

    /** Takes an input, which is reused afterwards. */
    void accept(Operation.Linear linear, int firstImage, float[] input);
  }

  /**
   * Runs a section on all images.
   *
   * @param input the value in front of it, image after image
   * @return the value behind it, image after image
   */
  public float[] run(
      Section section, float[] input, int images, Linears linears, Observer observer) {
    int size = input.length / images;
    int outputSize = interpreter.network().shape(section.output()).size();
    int chunk = chunk(section);
    float[] output = new float[Math.multiplyExact(images, outputSize)];
    for (int first = 0; first < images; first += chunk) {
      int count = Math.min(chunk, images - first);
      int start = first;
      float[] part =
          interpreter.run(
              section,
              Arrays.copyOfRange(input, first * size, (first + count) * size),
              count,
              linears,
              (linear, x) -> observer.accept(linear, start, x));
      System.arraycopy(part, 0, output, first * outputSize, part.length);
    }
    interpreter.trim();
    return output;
  }

  /** Takes the inputs of one linear for some images, as they are in two streams. */
  @FunctionalInterface
  public interface PairObserver {
    /**
     * Takes both inputs.
     *
     * @param first of the first stream; free to be changed
     * @param second of the second stream; reused afterwards
     */
    void accept(int rows, float[] first, float[] second);
  }

  /** A stream in front of a section for all images, and how linears run behind it. */
  public record Stream(float[] values, Linears linears) {}

  /**
   * Runs a section for some images on two streams side by side.
   *
   * @param size floats of an image in a stream
   * @param images numbers of the images
   * @param observers by the name of the linear whose inputs they take
   */
  public void runBoth(
      Section section,
      int size,
      int[] images,
      Stream first,
      Stream second,
      Map<String, PairObserver> observers) {
    int chunk = chunk(section);
    for (int from = 0; from < images.length; from += chunk) {
      int[] part = Arrays.copyOfRange(images, from, Math.min(images.length, from + chunk));
      Map<String, float[]> inputs = new HashMap<>();
      interpreter.run(
          section,
          take(first.values(), size, part),
          part.length,
          first.linears(),
          (linear, x) -> {
            if (observers.containsKey(linear.output())) {
              int shape = interpreter.network().shape(linear.input()).size();
              inputs.put(linear.output(), Arrays.copyOf(x, part.length * shape));
            }
          });
      interpreter.run(
          section,
          take(second.values(), size, part),
          part.length,
          second.linears(),
          (linear, x) -> {
            PairObserver observer = observers.get(linear.output());
            if (observer != null) {
              int tokens = interpreter.network().shape(linear.input()).tokens();
              observer.accept(part.length * tokens, inputs.get(linear.output()), x);
            }
          });
    }
    interpreter.trim();
  }

  /** The values of some images, of {@code size} floats each. */
  public static float[] take(float[] values, int size, int[] images) {
    float[] taken = new float[images.length * size];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(values, images[i] * size, taken, i * size, size);
    }
    return taken;
  }

  /**
   * Runs the first section, which reads images.
   *
   * @param images planar images as preprocessing leaves them: R, G and B planes
   */
  public float[] runFirst(Section section, float[][] images, Linears linears) {
    int outputSize = interpreter.network().shape(section.output()).size();
    int chunk = chunk(section);
    float[] output = new float[Math.multiplyExact(images.length, outputSize)];
    for (int first = 0; first < images.length; first += chunk) {
      int count = Math.min(chunk, images.length - first);
      float[] part =
          interpreter.run(
              section,
              interleave(images, first, count),
              count,
              linears,
              TensorInterpreter.Observer.NONE);
      System.arraycopy(part, 0, output, first * outputSize, part.length);
    }
    interpreter.trim();
    return output;
  }

  /** Logits of all images, image after image. */
  public float[] logits(float[][] images, Linears linears) {
    float[] stream = new float[0];
    boolean first = true;
    for (Section section : interpreter.network().sections()) {
      stream =
          first
              ? runFirst(section, images, linears)
              : run(section, stream, images.length, linears, Observer.NONE);
      first = false;
    }
    return stream;
  }

  private int chunk(Section section) {
    int tokens =
        section.operations().stream()
            .mapToInt(operation -> interpreter.network().shape(operation.output()).tokens())
            .max()
            .orElseThrow();
    return Math.max(1, ROWS / tokens);
  }

  /** Pixels of planar images as tokens of three channels. */
  private static float[] interleave(float[][] images, int first, int count) {
    int pixels = images[first].length / 3;
    float[] tokens = new float[count * pixels * 3];
    for (int image = 0; image < count; image++) {
      float[] planes = images[first + image];
      for (int p = 0; p < pixels; p++) {
        for (int c = 0; c < 3; c++) {
          tokens[(image * pixels + p) * 3 + c] = planes[c * pixels + p];
        }
      }
    }
    return tokens;
  }
}
