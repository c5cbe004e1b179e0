package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.data.ImageSet;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.network.Model;
import java.util.Arrays;
import java.util.function.Function;

/** Measures models on labelled images, a few of them in memory at a time. */
final class Validation {
  private static final int SLICE = 256;

  private final ImageSet images;
  private final ImagePreprocessor preprocessor;
  private final int threads;
  private final CompileListener listener;
  private final float[][] exact;

  /** Runs the float model on all images. */
  Validation(
      ImageSet images,
      ImagePreprocessor preprocessor,
      int threads,
      TensorInterpreter interpreter,
      CompileListener listener) {
    this.images = images;
    this.preprocessor = preprocessor;
    this.threads = threads;
    this.listener = listener;
    BatchRunner runner = new BatchRunner(interpreter);
    int classes = interpreter.network().classes();
    this.exact =
        logits(
            "Validating the float model",
            slice -> rows(runner.logits(slice, TensorInterpreter.Linears.FLOAT), classes));
  }

  int size() {
    return images.size();
  }

  /** Share of images the float model gets right. */
  double exactTop1() {
    return LogitComparison.top1(exact, images.labels());
  }

  /** Compares a packed model, run as the runtime runs it, with the float model. */
  LogitComparison compare(String task, Model packed) {
    try (CpuExecutor executor = new CpuExecutor(packed, threads)) {
      return LogitComparison.of(exact, logits(task, executor::run), images.labels());
    }
  }

  private float[][] logits(String task, Function<float[][], float[][]> model) {
    float[][] logits = new float[images.size()][];
    for (int from = 0; from < logits.length; from += SLICE) {
      int to = Math.min(logits.length, from + SLICE);
      float[][] slice = images.slice(from, to).load(preprocessor, threads, done -> {});
      System.arraycopy(model.apply(slice), 0, logits, from, to - from);
      listener.progress(task, to, logits.length, "images");
    }
    return logits;
  }

  private static float[][] rows(float[] values, int width) {
    float[][] rows = new float[values.length / width][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
    return rows;
  }
}
