package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.image.Preprocessing;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mean over tokens, rotation of pairs and images: equal to the bit but for rounding to storage. */
@EmulatedGpu
class ElementwiseKernelTest {

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "33, 31, 2", "384, 197, 1", "48, 785, 3"})
  void mean(int channels, int tokens, int images) {
    for (StorageType type : List.of(StorageType.F16, StorageType.F32)) {
      Random random = new Random(channels);
      float[] input = ScalarReference.values(random, images * tokens * channels, type);
      try (KernelBench bench = new KernelBench()) {
        DeviceValue y = bench.result(type, images, 1, channels + 3);
        MeanParams params =
            new MeanParams(
                bench.value(input, type, tokens, channels, channels + 1),
                y,
                images,
                channels,
                tokens);
        bench.run(ElementwiseGeometry.mean(params), params);
        float[] found = bench.read(y, images, channels);
        for (int i = 0; i < found.length; i++) {
          double sum = 0;
          for (int t = 0; t < tokens; t++) {
            sum += input[(i / channels * tokens + t) * channels + i % channels];
          }
          assertThat(found[i]).isEqualTo(Half.rounded((float) (sum / tokens), type));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1, 1, 0", "34, 31, 2, 1", "384, 196, 1, 0", "48, 9, 3, 8"})
  void rotatePairs(int channels, int tokens, int images, int gap) {
    for (StorageType type : List.of(StorageType.F16, StorageType.F32)) {
      Random random = new Random(channels);
      float[] x = ScalarReference.values(random, images * tokens * channels, type);
      float[] cos = ScalarReference.floats(random, tokens * channels);
      float[] sin = ScalarReference.floats(random, tokens * channels);
      try (KernelBench bench = new KernelBench()) {
        DeviceValue y = bench.result(type, images, tokens, channels + gap);
        RotatePairsParams params =
            new RotatePairsParams(
                bench.value(x, type, tokens, channels, channels + gap),
                y,
                bench.floats(cos),
                bench.floats(sin),
                images,
                channels,
                tokens);
        bench.run(ElementwiseGeometry.rotatePairs(params), params);
        float[] found = bench.read(y, images, channels);
        for (int i = 0; i < found.length; i++) {
          int angle = i % (tokens * channels);
          float turned =
              i % 2 == 0
                  ? Math.fma(x[i + 1], -sin[angle], x[i] * cos[angle])
                  : Math.fma(x[i - 1], sin[angle], x[i] * cos[angle]);
          assertThat(found[i]).isEqualTo(Half.rounded(turned, type));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 40, 1025})
  void imagesOfFloats(int width) {
    int images = 2;
    float[] planes = ScalarReference.floats(new Random(width), images * 3 * width);
    for (StorageType type : List.of(StorageType.F16, StorageType.F32)) {
      try (KernelBench bench = new KernelBench()) {
        DeviceValue y = bench.result(type, images, width, type == StorageType.F16 ? 3 : 8);
        ImageParams params = ImageParams.planes(bench.floats(planes), y, width, images);
        bench.run(ElementwiseGeometry.image(params), params);
        expectPlanes(bench.read(y, images, 3), planes, width, type);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "37, 29", "64, 32"})
  void imagesOfBytesAreNormalisedAsThePreprocessorDoes(int width, int height) {
    int images = 2;
    int pixels = width * height;
    List<Double> mean = List.of(0.485, 0.456, 0.406);
    List<Double> deviation = List.of(0.229, 0.224, 0.225);
    ImagePreprocessor preprocessor =
        new ImagePreprocessor(
            new Preprocessing(0, 0, Preprocessing.Interpolation.BICUBIC, mean, deviation),
            height,
            width);
    byte[] bytes = new byte[images * 3 * pixels];
    new Random(pixels).nextBytes(bytes);
    float[] planes = new float[bytes.length];
    for (int i = 0; i < images; i++) {
      BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < pixels; p++) {
        int at = 3 * (i * pixels + p);
        int rgb = (bytes[at] & 255) << 16 | (bytes[at + 1] & 255) << 8 | bytes[at + 2] & 255;
        image.setRGB(p % width, p / width, rgb);
      }
      System.arraycopy(preprocessor.apply(image), 0, planes, i * 3 * pixels, 3 * pixels);
    }
    for (StorageType type : List.of(StorageType.F16, StorageType.F32)) {
      try (KernelBench bench = new KernelBench()) {
        DeviceValue y = bench.result(type, images, pixels, 3);
        ImageParams params =
            new ImageParams(
                bench.bytes(bytes),
                y,
                mean.stream().map(Double::floatValue).toList(),
                deviation.stream().map(Double::floatValue).toList(),
                StorageType.CODES,
                pixels,
                images);
        bench.run(ElementwiseGeometry.image(params), params);
        expectPlanes(bench.read(y, images, 3), planes, pixels, type);
      }
    }
  }

  private static void expectPlanes(float[] found, float[] planes, int pixels, StorageType type) {
    for (int i = 0; i < found.length; i++) {
      int image = i / (3 * pixels);
      int pixel = i / 3 % pixels;
      float expected = planes[(image * 3 + i % 3) * pixels + pixel];
      assertThat(found[i]).isEqualTo(Half.rounded(expected, type));
    }
  }
}
