package io.github.ptq4vm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.image.Preprocessing.Interpolation;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImagePreprocessorTest {
  private static final Preprocessing NONE =
      new Preprocessing(
          0, 0, Interpolation.BICUBIC, Preprocessing.IMAGENET_MEAN, Preprocessing.IMAGENET_STD);

  /** Expected: Pillow 12.3 for the pixels, PyTorch 2.13 for the floats; crc of all of them. */
  @ParameterizedTest
  @CsvSource({
    "BICUBIC, 500, 375, 256, 224, 224, 536b9737, 1.0844250917434692, 0.5728292465209961, 1.332810640335083",
    "BICUBIC, 333, 500, 256, 224, 224, 07b603cd, 0.17681314051151276, 1.7107843160629272, 0.1999129205942154",
    "BILINEAR, 75, 64, 73, 64, 64, 6cd06041, 1.7522903680801392, 1.693277359008789, 0.5833553075790405",
    "BICUBIC, 67, 66, 0, 64, 64, c0434d79, -0.6622998714447021, -0.3025209605693817, 1.4548150300979614",
    "BICUBIC, 67, 69, 0, 64, 64, b16acc29, -0.7992978692054749, -1.580532193183899, -0.845838725566864",
    "BICUBIC, 30, 21, 0, 32, 32, 03a901c1, -2.1179039478302, 1.8333332538604736, -1.804444432258606",
    "BICUBIC, 31, 40, 0, 32, 32, 70a4252c, 1.906413197517395, 1.3256303071975708, -1.804444432258606",
    "BICUBIC, 64, 64, 0, 0, 64, 3373aa34, -1.998030662536621, 1.255602240562439, 1.4548150300979614"
  })
  void agreesWithPillowAndPyTorchBitForBit(
      Interpolation interpolation,
      int width,
      int height,
      int resize,
      int crop,
      int size,
      String crc,
      float firstRed,
      float middleGreen,
      float lastBlue) {
    Preprocessing preprocessing =
        new Preprocessing(
            resize, crop, interpolation, Preprocessing.IMAGENET_MEAN, Preprocessing.IMAGENET_STD);

    float[] result =
        new ImagePreprocessor(preprocessing, size, size)
            .apply(SyntheticImages.buffered(SyntheticImages.noise(width, height)));

    assertThat(result).hasSize(3 * size * size);
    assertThat(result[0]).isEqualTo(firstRed);
    assertThat(result[size * size + size / 2 * size + size / 2]).isEqualTo(middleGreen);
    assertThat(result[result.length - 1]).isEqualTo(lastBlue);
    assertThat(crc(result)).isEqualTo(crc);
  }

  @Test
  void normalisesEveryValueAsPyTorchDoes() {
    BufferedImage ramp = new BufferedImage(256, 1, BufferedImage.TYPE_INT_RGB);
    IntStream.range(0, 256).forEach(v -> ramp.setRGB(v, 0, v << 16 | v << 8 | v));

    assertThat(crc(new ImagePreprocessor(NONE, 1, 256).apply(ramp))).isEqualTo("bd18b1b8");
  }

  @Test
  void imageOfAnotherSizeIsRefusedWithBothSizes() {
    ImagePreprocessor preprocessor = new ImagePreprocessor(NONE, 64, 64);

    assertThatThrownBy(
            () -> preprocessor.apply(new BufferedImage(80, 60, BufferedImage.TYPE_INT_RGB)))
        .isInstanceOf(ImageException.class)
        .hasMessageStartingWith("The image has 80 x 60 pixels but the model takes 64 x 64 (");
  }

  @Test
  void imageThatResizingDoesNotMakeFitIsRefusedWithAllSizes() {
    Preprocessing resizeOnly =
        new Preprocessing(64, 0, Interpolation.BICUBIC, NONE.mean(), NONE.std());

    assertThatThrownBy(
            () ->
                new ImagePreprocessor(resizeOnly, 64, 64)
                    .apply(new BufferedImage(160, 128, BufferedImage.TYPE_INT_RGB)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("160 x 128")
        .hasMessageContaining("80 x 64 after preprocessing")
        .hasMessageContaining("takes 64 x 64");
  }

  @Test
  void cropThatCannotFitTheModelIsRefusedAtOnce() {
    assertThatThrownBy(() -> new ImagePreprocessor(Preprocessing.forImageSize(224), 64, 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("crops images to 224 x 224 pixels but the model takes 64 x 64");
  }

  @Test
  void sliverThatWouldGrowBeyondMemoryIsRefused() {
    assertThatThrownBy(
            () ->
                new ImagePreprocessor(Preprocessing.forImageSize(224), 224, 224)
                    .apply(new BufferedImage(1, 40000, BufferedImage.TYPE_BYTE_GRAY)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("256 x 10240000");
  }

  @Test
  void channelsUseTheirOwnMeanAndDeviation() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0xff0000);
    Preprocessing plain =
        new Preprocessing(
            0, 0, Interpolation.BICUBIC, List.of(0.0, 0.5, 1.0), List.of(1.0, 2.0, 4.0));

    assertThat(new ImagePreprocessor(plain, 1, 1).apply(image)).containsExactly(1f, -0.25f, -0.25f);
  }

  @Test
  void threadsDoNotDisturbEachOther() {
    ImagePreprocessor preprocessor = new ImagePreprocessor(Preprocessing.forImageSize(32), 32, 32);
    List<BufferedImage> images =
        IntStream.range(0, 64)
            .mapToObj(i -> SyntheticImages.buffered(SyntheticImages.noise(33 + i, 90 - i)))
            .toList();
    float[][] one = images.stream().map(preprocessor::apply).toArray(float[][]::new);

    float[][] many = images.parallelStream().map(preprocessor::apply).toArray(float[][]::new);

    assertThat(Arrays.deepEquals(one, many)).isTrue();
  }

  private static String crc(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return SyntheticImages.crc(bytes.array());
  }
}
