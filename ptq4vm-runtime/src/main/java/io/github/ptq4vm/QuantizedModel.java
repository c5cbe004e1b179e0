package io.github.ptq4vm;

import io.github.ptq4vm.artifact.Artifact;
import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.Manifest;
import io.github.ptq4vm.artifact.ModelId;
import io.github.ptq4vm.artifact.ModelLocator;
import io.github.ptq4vm.image.ImageException;
import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.network.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An image classifier: loads a model and runs it.
 *
 * <pre>{@code
 * try (QuantizedModel model = QuantizedModel.load("com.acme.models", "vim-tiny", "w4a4")) {
 *   for (Prediction prediction : model.classify(Path.of("cat.jpg"))) {
 *     System.out.println(prediction.label() + " " + prediction.probability());
 *   }
 * }
 * }</pre>
 *
 * <p>Images are files, {@link BufferedImage}s, or tensors: {@code 3*height*width} floats, the
 * normalised red plane row by row, then green, then blue. Thread-safe: any number of threads may
 * call at once. On the processor results depend neither on the batch an image is in nor on other
 * threads. On a GPU they do not depend on the other images, but on the size of the batch, by which
 * sums are ordered and rounded: logits then differ by rounding, and where that moves a value into
 * the next quantization step, by what such a step does. There a call is cut into batches by the
 * number of its images, and into smaller ones while memory is scarce, which other threads and
 * models may cause. Every method that takes images throws {@link ImageException} for one that
 * cannot be used, {@link InputException} for a tensor that does not fit and, on a GPU, {@link
 * OverflowException} where its arithmetic does not reach.
 */
public final class QuantizedModel implements AutoCloseable {

  /** How many predictions {@code classify} answers with at most. */
  public static final int TOP = 5;

  private static final StackWalker CALLERS =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private final Manifest manifest;
  private final List<String> labels;
  private final ImagePreprocessor preprocessor;
  private final ModelRunner runner;
  private final int tensorSize;

  /** Whether the JVM's common pool may help: not where the caller has one of its own. */
  private final boolean helpsItself;

  private QuantizedModel(Artifact artifact, RunOptions options) {
    ArtifactContent content = artifact.content();
    this.manifest = artifact.manifest();
    this.labels = content.labels();
    this.helpsItself = options.helpers() == null && options.actualThreads() > 1;
    try {
      this.tensorSize = Math.multiplyExact(3, Math.multiplyExact(height(), width()));
      this.preprocessor = new ImagePreprocessor(content.preprocessing(), height(), width());
      this.runner = ModelRunner.of(content.model(), options);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw damaged(e);
    }
  }

  private CorruptModelException damaged(RuntimeException cause) {
    return new CorruptModelException(
        "The model "
            + id()
            + " cannot run: "
            + cause.getMessage()
            + " Build it again with the same version of the plugin as this runtime.",
        cause);
  }

  /**
   * Loads the one model in a jar.
   *
   * @throws ModelNotFoundException if there is no such jar, or it holds no or several models
   * @throws CorruptModelException if a file of the model is damaged or missing
   * @throws UnsupportedModelException if the model needs a newer runtime
   */
  public static QuantizedModel load(Path jar) {
    return load(jar, RunOptions.defaults());
  }

  /**
   * Loads the one model in a jar, as {@link #load(Path)}.
   *
   * @throws GpuUnavailableException if options ask for a GPU and there is no usable one
   */
  public static QuantizedModel load(Path jar, RunOptions options) {
    return new QuantizedModel(ModelLocator.read(jar), options);
  }

  /**
   * Loads the one model on the class path, seen by the caller's class loader or the thread's.
   *
   * @throws ModelNotFoundException if there are no or several models
   * @throws CorruptModelException if a file of the model is damaged or missing
   * @throws UnsupportedModelException if the model needs a newer runtime
   */
  public static QuantizedModel load() {
    return new QuantizedModel(
        ModelLocator.read(loaders(null, CALLERS.getCallerClass())), RunOptions.defaults());
  }

  /**
   * Loads a model on the class path, seen by the caller's class loader or the thread's.
   *
   * @param groupId group of the model's artifact
   * @param artifactId name of the model's artifact
   * @param variant precision, which is the artifact's classifier, e.g. {@code w8a8}
   * @throws ModelNotFoundException if the model is not there
   * @throws CorruptModelException if a file of the model is damaged or missing
   * @throws UnsupportedModelException if the model needs a newer runtime
   */
  public static QuantizedModel load(String groupId, String artifactId, String variant) {
    List<@Nullable ClassLoader> loaders = loaders(null, CALLERS.getCallerClass());
    return new QuantizedModel(
        ModelLocator.read(groupId, artifactId, variant, loaders), RunOptions.defaults());
  }

  /**
   * Loads a model on the class path as {@link #load(String, String, String)}, asking a given class
   * loader first.
   */
  public static QuantizedModel load(
      String groupId, String artifactId, String variant, ClassLoader loader) {
    List<@Nullable ClassLoader> loaders = loaders(loader, CALLERS.getCallerClass());
    return new QuantizedModel(
        ModelLocator.read(groupId, artifactId, variant, loaders), RunOptions.defaults());
  }

  /** Loads a model on the class path, asking a given class loader first. */
  public static QuantizedModel load(
      String groupId, String artifactId, String variant, ClassLoader loader, RunOptions options) {
    List<@Nullable ClassLoader> loaders = loaders(loader, CALLERS.getCallerClass());
    return new QuantizedModel(ModelLocator.read(groupId, artifactId, variant, loaders), options);
  }

  /** Loads a model on the class path as {@link #load(String, String, String)}. */
  public static QuantizedModel load(
      String groupId, String artifactId, String variant, RunOptions options) {
    List<@Nullable ClassLoader> loaders = loaders(null, CALLERS.getCallerClass());
    return new QuantizedModel(ModelLocator.read(groupId, artifactId, variant, loaders), options);
  }

  private static List<@Nullable ClassLoader> loaders(
      @Nullable ClassLoader explicit, Class<?> caller) {
    return Arrays.asList(
        explicit,
        caller.getClassLoader(),
        Thread.currentThread().getContextClassLoader(),
        QuantizedModel.class.getClassLoader());
  }

  /** What the model is called. */
  public ModelId id() {
    return manifest.id();
  }

  /** Everything the model says about itself. */
  public Manifest manifest() {
    return manifest;
  }

  /** Height of the network's input in pixels. */
  public int height() {
    return manifest.network().height();
  }

  /** Width of the network's input in pixels. */
  public int width() {
    return manifest.network().width();
  }

  /** A label for each logit, or empty if the model has none. */
  public List<String> labels() {
    return labels;
  }

  /** The device and kernels in use, e.g. {@code cpu/vector} or {@code cuda/NVIDIA H200}. */
  public String provider() {
    return runner.provider();
  }

  /** The best classes of an image file, best first. */
  public List<Prediction> classify(Path image) {
    return topK(logits(image), TOP);
  }

  /** The best classes of each image file, best first. */
  public List<List<Prediction>> classify(Path... images) {
    return top(logits(images));
  }

  /** The best classes of an image, best first. */
  public List<Prediction> classify(BufferedImage image) {
    return topK(logits(image), TOP);
  }

  /** The best classes of each image, best first. */
  public List<List<Prediction>> classify(BufferedImage... images) {
    return top(logits(images));
  }

  /** The best classes of a tensor, best first. */
  public List<Prediction> classify(float[] tensor) {
    return topK(logits(tensor), TOP);
  }

  /** The best classes of each tensor, best first. */
  public List<List<Prediction>> classify(float[]... tensors) {
    return top(logits(tensors));
  }

  /** The logits of an image file. */
  public float[] logits(Path image) {
    return logits(preprocess(image));
  }

  /** The logits of each image file. */
  public float[][] logits(Path... images) {
    return batches(images, preprocessor::apply);
  }

  /** The logits of an image. */
  public float[] logits(BufferedImage image) {
    return logits(preprocessor.apply(image));
  }

  /** The logits of each image. */
  public float[][] logits(BufferedImage... images) {
    return batches(images, preprocessor::apply);
  }

  /** The logits of a tensor. */
  public float[] logits(float[] tensor) {
    return logits(new float[][] {tensor})[0];
  }

  /** The logits of each tensor. */
  public float[][] logits(float[]... tensors) {
    return run(tensors, 0);
  }

  /**
   * The classes of the largest logits, best first; the lower index first where logits are equal.
   *
   * @param logits as the model gave them
   * @param count how many at most, at least 1
   */
  public List<Prediction> topK(float[] logits, int count) {
    int classes = manifest.network().classes();
    if (logits.length != classes || count < 1) {
      throw new InputException(
          "The best "
              + count
              + " of "
              + logits.length
              + " logits were asked for, but the model has "
              + classes
              + " classes and at least one should be asked for.");
    }
    return Softmax.top(logits, labels, count);
  }

  /** The tensor of an image file: what {@link #logits(float[])} takes. */
  public float[] preprocess(Path image) {
    return preprocessor.apply(image);
  }

  /** Releases threads and memory; the model cannot be used any more. */
  @Override
  public void close() {
    runner.close();
  }

  private List<List<Prediction>> top(float[][] logits) {
    return Arrays.stream(logits).map(values -> topK(values, TOP)).toList();
  }

  /** Prepares and runs a few images at a time, so that memory does not grow with their number. */
  private <T> float[][] batches(T[] images, Function<T, float[]> prepare) {
    float[][] logits = new float[images.length][];
    int batch = runner.batch();
    for (int from = 0; from < images.length; from += batch) {
      int to = Math.min(from + batch, images.length);
      float[][] tensors = Arrays.stream(images, from, to).map(prepare).toArray(float[][]::new);
      System.arraycopy(run(tensors, from), 0, logits, from, to - from);
    }
    return logits;
  }

  /**
   * Checks tensors, all of them at once, and runs them.
   *
   * @param first number of the first in the call
   */
  private float[][] run(float[][] tensors, int first) {
    int wrong = Images.firstUnfit(manifest.network(), tensors, helpsItself);
    if (wrong >= 0) {
      throw unfit(tensors[wrong], first + wrong);
    }
    try {
      return runner.run(tensors);
    } catch (OverflowException e) {
      throw first == 0 ? e : e.from(first);
    }
  }

  private InputException unfit(float[] tensor, int number) {
    if (tensor.length != tensorSize) {
      return new InputException(
          "Tensor "
              + number
              + " has "
              + tensor.length
              + " floats but the model "
              + id()
              + " needs "
              + tensorSize
              + ": 3 planes of "
              + height()
              + " x "
              + width()
              + ".");
    }
    int index = Images.notFinite(tensor);
    return new InputException(
        "Tensor "
            + number
            + " has "
            + tensor[index]
            + " at index "
            + index
            + "; every value should be finite.");
  }
}
