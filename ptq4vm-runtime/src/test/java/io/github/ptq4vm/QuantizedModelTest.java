package io.github.ptq4vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ArtifactWriter;
import io.github.ptq4vm.artifact.SmallModels;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.image.ImageException;
import io.github.ptq4vm.image.ImagePreprocessor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizedModelTest {

  @TempDir Path folder;

  private final ArtifactContent content = SmallModels.random(5);
  private Path jar;
  private QuantizedModel model;

  @BeforeEach
  void load() throws IOException {
    jar = folder.resolve("model.jar");
    ArtifactWriter.write(content, SmallModels.TIME, jar);
    model = QuantizedModel.load(jar, new RunOptions(Device.CPU, 2));
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void answersWhatTheExecutorAnswersForThePackedModel() {
    float[] tensor = tensor(1);
    try (CpuExecutor executor = new CpuExecutor(content.model(), 1)) {
      assertThat(model.logits(tensor)).isEqualTo(executor.run(new float[][] {tensor})[0]);
    }
    assertThat(model.provider()).startsWith("cpu/");
    assertThat(model.id()).isEqualTo(SmallModels.ID);
  }

  @Test
  void takesFilesImagesAndTensorsAlike() throws IOException {
    BufferedImage image = image(3);
    Path file = folder.resolve("image.png");
    ImageIO.write(image, "png", file.toFile());
    float[] tensor =
        new ImagePreprocessor(content.preprocessing(), model.height(), model.width()).apply(image);

    assertThat(model.preprocess(file)).isEqualTo(tensor);
    assertThat(model.logits(file)).isEqualTo(model.logits(tensor)).isEqualTo(model.logits(image));
    List<Prediction> best = model.classify(tensor);
    assertThat(model.classify(file)).isEqualTo(best).isEqualTo(model.classify(image));
    assertThat(model.classify(file, file)).containsExactly(best, best);
    assertThat(model.classify(image, image)).containsExactly(best, best);
    assertThat(model.classify(tensor, tensor)).containsExactly(best, best);
    assertThat(best).hasSize(Math.min(5, model.manifest().network().classes()));
    assertThat(best.get(0).label()).isEqualTo(model.labels().get(best.get(0).index()));
  }

  @Test
  void answersTheSameInAnyBatchAndFromManyThreads() throws Exception {
    float[][] tensors = new float[37][];
    float[][] alone = new float[tensors.length][];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = tensor(i);
      alone[i] = model.logits(tensors[i]);
    }
    assertThat(model.logits(tensors)).isDeepEqualTo(alone);
    assertThat(alone[0]).isNotEqualTo(alone[1]);

    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<float[][]>> tasks = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        tasks.add(() -> model.logits(tensors));
      }
      for (Future<float[][]> answer : threads.invokeAll(tasks)) {
        assertThat(answer.get()).isDeepEqualTo(alone);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    assertThatThrownBy(() -> model.logits(new float[3]))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has 3 floats")
        .hasMessageContaining(Integer.toString(tensor(0).length))
        .hasMessageContaining("3 planes of " + model.height() + " x " + model.width());
    assertThatThrownBy(() -> model.classify(new float[3 * 8 * model.height() * model.width()]))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("3 planes of " + model.height() + " x " + model.width());
    float[] infinite = tensor(0);
    infinite[2] = Float.POSITIVE_INFINITY;
    assertThatThrownBy(() -> model.classify(tensor(0), infinite))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Tensor 1 has Infinity at index 2");
    assertThatThrownBy(() -> model.topK(new float[99], 1)).isInstanceOf(InputException.class);
    assertThatThrownBy(() -> model.topK(model.logits(tensor(0)), 0))
        .isInstanceOf(InputException.class);
    Path text = Files.writeString(folder.resolve("a.png"), "no image");
    assertThatThrownBy(() -> model.classify(text))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("a.png");
    assertThatThrownBy(() -> new RunOptions(Device.AUTO, -1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anOverflowNamesTheImageAndTheWayOut() {
    assertThat(new OverflowException(3, "GPU X", false).from(256))
        .hasMessageStartingWith("The logits of image 259 from the GPU GPU X are not finite. ")
        .hasMessageContaining("RunOptions.withSinglePrecision()")
        .hasCauseInstanceOf(OverflowException.class);
    RunOptions single = new RunOptions(Device.CUDA, 3).withSinglePrecision();
    assertThat(single).isEqualTo(new RunOptions(Device.CUDA, 3, null, true));
    assertThat(new OverflowException(0, "GPU X", true)).hasMessageContaining("Device.CPU");
  }

  @Test
  void cannotBeUsedAfterItWasClosed() {
    model.close();
    assertThatThrownBy(() -> model.logits(tensor(0))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void loadsFromTheClassPath() throws IOException {
    float[] expected = model.logits(tensor(4));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before)) {
      try (QuantizedModel named =
          QuantizedModel.load("com.acme.models", "tiny-vim", "w4a4", loader)) {
        assertThat(named.logits(tensor(4))).isEqualTo(expected);
      }
      assertThatThrownBy(() -> QuantizedModel.load("com.acme.models", "tiny-vim", "w4a4"))
          .isInstanceOf(ModelNotFoundException.class);
      thread.setContextClassLoader(loader);
      try (QuantizedModel named = QuantizedModel.load("com.acme.models", "tiny-vim", "w4a4");
          QuantizedModel only = QuantizedModel.load()) {
        assertThat(named.logits(tensor(4))).isEqualTo(expected);
        assertThat(only.id()).isEqualTo(SmallModels.ID);
      }
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void softmaxIsThatOfTheTextbook() {
    // numpy: e = exp(x - x.max()); e / e.sum() in float64 for x = [1, 2, 3, 1000, 999.5]
    assertThat(Softmax.of(new float[] {1, 2, 3, 1000, 999.5f}))
        .containsExactly(
            new double[] {0, 0, 0, 0.6224593312018546, 0.3775406687981454}, within(1e-15));
    assertThat(Softmax.top(new float[] {1, 3, 3, 2}, List.of(), 3))
        .extracting(Prediction::index)
        .containsExactly(1, 2, 3);
    assertThat(Softmax.top(new float[] {0, 0}, List.of(), 9))
        .containsExactly(new Prediction(0, "0", 0.5f), new Prediction(1, "1", 0.5f));
  }

  private float[] tensor(long seed) {
    Random random = new Random(seed);
    float[] tensor = new float[3 * model.height() * model.width()];
    for (int i = 0; i < tensor.length; i++) {
      tensor[i] = (float) random.nextGaussian();
    }
    return tensor;
  }

  static BufferedImage image(long seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(20, 13, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        image.setRGB(x, y, random.nextInt(1 << 24));
      }
    }
    return image;
  }
}
